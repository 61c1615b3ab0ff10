using GrainMQ.Gateway.Hosting;

return await GatewayCommand.RunAsync(args);

using GrainMQ.Gateway.Hosting;

SocketEngine.Configure();
return await GatewayCommand.RunAsync(args);

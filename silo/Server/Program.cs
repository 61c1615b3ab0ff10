using GrainMQ.Silo.Server;

return await SiloCommand.RunAsync(args, Console.Out, Console.Error);

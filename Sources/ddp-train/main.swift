import Training

// Parses the command line and runs one command.

DistributedProgram.main(named: "ddp-train") { try Commands.run(Array(CommandLine.arguments.dropFirst())) }

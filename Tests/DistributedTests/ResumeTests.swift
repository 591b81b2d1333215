import Testing

extension DistributedTests {
  /// A run that is killed again and again ends with the bits of one that is not.
  @Suite(.serialized) struct ResumeTests {
    private static let kills = 20
    /// An epoch has 19 steps, which 7 does not divide: most checkpoints fall inside epochs.
    private static let configuration = """
      {
        model: { layers: [{ dense: 16 }, "relu", { dropout: 0.2 }, { dense: 3 }] },
        optimizer: { name: "adam", learning_rate: 0.003 }, clip_norm: 1.0,
        epochs: 40, batch_size: 16, shards: 4, data: { scaling: "standard", validation: 0.1 },
        checkpoint: { every_steps: 7, keep: 2 },
      }
      """

    @Test func killedTwentyTimes() throws {
      let scratch = try Scratch()
      let configuration = try scratch.file("run.json5", text: Self.configuration)
      let data = try scratch.dataset("data.h5", samples: 337)
      let arguments = [configuration, "--data", data]
      let reference = try train(ranks: 1, arguments, run: scratch.path + "/reference")
      #expect(reference.progress["step"] == "760")

      var training = InterruptedTraining(scratch, arguments, checkpointSteps: 7)
      try training.expectEnd(equalTo: reference, afterKills: Self.kills)
    }
  }
}

extension NamedModel {
  /// For the rows of a sample, one behind the other.
  public static let lstm = NamedModel(
    "lstm", "over the rows of a sample: LSTM 128, its last state, dense to the outputs"
  ) {
    LSTM(128, sequence: false)
    Dense()
  }

  /// For texts that are padded with zeros.
  public static let sentiment = NamedModel(
    "sentiment", "embedding 32 with padding 0, LSTM 32 up to the end of the text, its last state, dense to the outputs"
  ) {
    Embedding(32, padding: 0)
    LSTM(32, sequence: false)
    Dense()
  }

  /// For the frames of a spectrogram.
  public static let speech = NamedModel(
    "speech",
    "over frames: convolution 32 of 5 steps, every second one, ReLU, bidirectional GRU 32, its last states, dense"
  ) {
    Conv1D(32, kernel: 5, stride: 2, padding: 2)
    ReLU()
    GRU(32, bidirectional: true, sequence: false)
    Dense()
  }

  /// For the next character at each position.
  public static let characterLSTM = NamedModel(
    "char-lstm", "embedding 64, two LSTM layers of 256 with dropout 0.2 between, dense at each position"
  ) {
    Embedding(64)
    LSTM(256, layers: 2, dropout: 0.2)
    Dense()
  }
}

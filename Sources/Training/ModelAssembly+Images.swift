import Configuration
import NeuralNetwork
import NumericCore
import Settings

/// Layers for images and for what leads to and from them.
extension ModelAssembly {
  static var imageLayers: Set<String> {
    [
      "conv2d", "conv1d", "conv_transpose2d", "max_pool2d", "average_pool2d", "global_average_pool", "upsample",
      "flatten",
      "reshape",
    ]
  }

  mutating func addImageLayer(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    switch layer.name {
    case "conv2d": try addConv2D(layer, &options, name)
    case "conv1d": try addConv1D(layer, &options, name)
    case "conv_transpose2d": try addConvTranspose2D(layer, &options, name)
    case "max_pool2d", "average_pool2d": try addPool(layer, &options, name)
    case "global_average_pool":
      guard node.shape.rank >= 2 else { throw mismatch(layer, "images (H × W × C) or sequences (T × C)") }
      node = builder.add(GlobalAveragePool<S>(inputShape: node.shape), to: node, name: name)
    case "upsample":
      try requireImages(layer)
      let scale = try options.pair("scale") ?? 2
      node = builder.add(Upsample<S>(inputShape: node.shape, scale: scale), to: node, name: name)
    case "flatten":
      // Behind recurrent layers PyTorch's sequences are [N, T, F] too, so only images change their order.
      let order =
        try options.choice("order", of: ElementOrder.self)
        ?? (node.shape.rank == 3 ? .channelsFirst : .channelsLast)
      node = builder.add(Flatten<S>(inputShape: node.shape, order: order), to: node, name: name)
    default: try addReshape(layer, &options, name)
    }
  }

  // MARK: Convolutions

  private mutating func addConv2D(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    try requireImages(layer)
    let (filters, groups) = try filters(&options, inputChannels: node.shape[2])
    let (kernel, dilation) = (try options.pair("kernel") ?? 3, try options.pair("dilation") ?? 1)
    let padding = try padding(&options, kernel: kernel, dilation: dilation)
    try requireFit(layer, kernel, padding, dilation)
    let law = try options.choice("initializer", of: InitializationScheme.self) ?? initializer
    let convolution = Conv2D<S>(
      inputShape: node.shape, filters: filters, kernel: kernel, stride: try options.pair("stride") ?? 1,
      padding: padding,
      dilation: dilation, groups: groups, hasBias: try options.bool("bias") ?? true, initializer: law.initializer)
    node = builder.add(convolution, to: node, name: name)
  }

  private mutating func addConv1D(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    guard node.shape.rank == 2 else { throw mismatch(layer, "sequences (T × C)") }
    let (filters, groups) = try filters(&options, inputChannels: node.shape[1])
    let (kernel, dilation) = (try options.integer("kernel") ?? 3, try options.integer("dilation") ?? 1)
    let padding = try padding(
      &options, kernel: Extents(height: 1, width: kernel), dilation: Extents(height: 1, width: dilation)
    ).width
    guard node.shape[0] + 2 * padding > dilation * (kernel - 1) else {
      throw mismatch(layer, "sequences of at least \(dilation * (kernel - 1) + 1 - 2 * padding) steps for this kernel")
    }
    let law = try options.choice("initializer", of: InitializationScheme.self) ?? initializer
    let convolution = Conv1D<S>(
      inputShape: node.shape, filters: filters, kernel: kernel, stride: try options.integer("stride") ?? 1,
      padding: padding, dilation: dilation, groups: groups, hasBias: try options.bool("bias") ?? true,
      initializer: law.initializer)
    node = builder.add(convolution, to: node, name: name)
  }

  private mutating func addConvTranspose2D(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    try requireImages(layer)
    let (filters, groups) = try filters(&options, inputChannels: node.shape[2])
    let (kernel, dilation) = (try options.pair("kernel") ?? 3, try options.pair("dilation") ?? 1)
    let (stride, padding) = (try options.pair("stride") ?? 1, try options.pair("padding") ?? 0)
    let outputPadding = try options.pair("output_padding") ?? 0
    guard outputPadding.height < stride.height, outputPadding.width < stride.width else {
      throw options.error("output_padding", "expected less than the stride, \(stride)")
    }
    let output = ConvTranspose2D<S>.outputExtents(
      Extents(height: node.shape[0], width: node.shape[1]), kernel: kernel, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation)
    guard output.height > 0, output.width > 0 else {
      throw options.error("padding", "leaves nothing of the output; expected less than \(padding)")
    }
    let law = try options.choice("initializer", of: InitializationScheme.self) ?? initializer
    let convolution = ConvTranspose2D<S>(
      inputShape: node.shape, filters: filters, kernel: kernel, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups, hasBias: try options.bool("bias") ?? true,
      initializer: law.initializer)
    node = builder.add(convolution, to: node, name: name)
  }

  /// The options that all convolutions have.
  private func filters(
    _ options: inout SettingsReader, inputChannels: Int
  ) throws(SettingsError) -> (filters: Int, groups: Int) {
    guard let filters = try options.integer("filters") else {
      throw options.error("filters", "expected the number of filters, the channels of the output")
    }
    let groups = try options.integer("groups") ?? 1
    guard inputChannels % groups == 0, filters % groups == 0 else {
      throw options.error(
        "groups",
        "expected a divisor of the \(inputChannels) input channels and the \(filters) filters, found \(groups)")
    }
    return (filters, groups)
  }

  private func padding(
    _ options: inout SettingsReader, kernel: Extents, dilation: Extents
  ) throws(SettingsError) -> Extents {
    switch try options.padding("padding") {
    case nil: return 0
    case .extents(let height, let width): return Extents(height: height, width: width)
    case .same:
      let (height, width) = (dilation.height * (kernel.height - 1), dilation.width * (kernel.width - 1))
      guard height % 2 == 0, width % 2 == 0 else {
        throw options.error("padding", "\"same\" needs a kernel of odd size, found \(kernel); give a number")
      }
      return Extents(height: height / 2, width: width / 2)
    }
  }

  // MARK: Pooling and shapes

  private mutating func addPool(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    try requireImages(layer)
    let size = try options.pair("size") ?? 2
    let (stride, padding) = (try options.pair("stride") ?? size, try options.pair("padding") ?? 0)
    guard 2 * padding.height <= size.height, 2 * padding.width <= size.width else {
      throw options.error("padding", "expected at most half of the size \(size), found \(padding)")
    }
    try requireFit(layer, size, padding, 1)
    if layer.name == "max_pool2d" {
      let pool = MaxPool2D<S>(inputShape: node.shape, size: size, stride: stride, padding: padding)
      node = builder.add(pool, to: node, name: name)
    } else {
      let pool = AveragePool2D<S>(
        inputShape: node.shape, size: size, stride: stride, padding: padding,
        countsPadding: try options.bool("count_padding") ?? true)
      node = builder.add(pool, to: node, name: name)
    }
  }

  private mutating func addReshape(
    _ layer: LayerDescription, _ options: inout SettingsReader, _ name: String
  ) throws(SettingsError) {
    let (height, width) = (try options.integer("height"), try options.integer("width"))
    let (length, channels) = (try options.integer("length"), try options.integer("channels") ?? 1)
    let shape: Shape
    switch (height, width, length) {
    case (let height?, let width?, nil): shape = [height, width, channels]
    case (nil, nil, let length?): shape = [length, channels]
    default:
      throw SettingsError(
        "\(layer.path): expected height and width for images, or length for sequences", at: layer.position)
    }
    guard shape.elementCount == node.shape.elementCount else {
      throw mismatch(layer, "\(shape.elementCount) elements for \(shape)")
    }
    // As `flatten` numbers them.
    let given = try options.choice("order", of: ElementOrder.self)
    func order(_ shape: Shape) -> ElementOrder { given ?? (shape.rank == 3 ? .channelsFirst : .channelsLast) }
    if node.shape.rank > 1 {
      let flatten = Flatten<S>(inputShape: node.shape, order: order(node.shape))
      node = builder.add(flatten, to: node, name: "\(name).flatten")
    }
    node = builder.add(Reshape<S>(outputShape: shape, order: order(shape)), to: node, name: name)
  }

  private func requireImages(_ layer: LayerDescription) throws(SettingsError) {
    guard node.shape.rank == 3 else { throw mismatch(layer, "images (H × W × C)") }
  }

  private func requireFit(
    _ layer: LayerDescription, _ kernel: Extents, _ padding: Extents, _ dilation: Extents
  ) throws(SettingsError) {
    let image = Extents(height: node.shape[0], width: node.shape[1])
    guard SlidingWindow.fits(input: image, kernel: kernel, padding: padding, dilation: dilation) else {
      throw mismatch(layer, "images that a window of \(kernel) fits into")
    }
  }

  private func mismatch(_ layer: LayerDescription, _ expected: String) -> SettingsError {
    SettingsError("\(layer.path): expected \(expected), found \(node.shape) a sample", at: layer.position)
  }
}

extension SettingsReader {
  fileprivate mutating func pair(_ key: String) throws(SettingsError) -> Extents? {
    try extents(key).map { Extents(height: $0.height, width: $0.width) }
  }
}

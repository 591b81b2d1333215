// Activation functions, forward and backward. Backward kernels take what forward read or wrote, whichever the
// derivative is cheapest in, and overwrite `inputGradient` with `outputGradient · f′`. Those with an exponential take
// sixteen floats at a time; other types go one by one.

/// The ReLU max(0, x) (Nair and Hinton 2010); NaN stays. `output` may be `input`.
@specialized(where S == Float)
@specialized(where S == Double)
public func rectify<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  forEachVector(output.count) { i in
    let values = input.vector(i)
    output.setVector(i, S.rectified(values, by: values))
  } rest: { i in
    output[i] = input[i] <= 0 ? 0 : input[i]
  }
}

/// `inputGradient` may be `outputGradient`.
@specialized(where S == Float)
@specialized(where S == Double)
public func rectifyBackward<S: Scalar>(
  output: BufferView<S>, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    output.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(output.count) elements into \(inputGradient.count)")
  forEachVector(output.count) { i in
    inputGradient.setVector(i, S.rectified(outputGradient.vector(i), by: output.vector(i)))
  } rest: { i in
    inputGradient[i] = output[i] <= 0 ? 0 : outputGradient[i]
  }
}

/// max(0, x) + slope · min(0, x) (Maas et al. 2013).
@specialized(where S == Float)
@specialized(where S == Double)
public func leakyReLU<S: Scalar>(_ input: BufferView<S>, slope: S, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  for i in output.indices {
    let x = input[i]
    output[i] = x > 0 ? x : slope * x
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func leakyReLUBackward<S: Scalar>(
  input: BufferView<S>, slope: S, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    input.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(input.count) elements into \(inputGradient.count)")
  for i in inputGradient.indices {
    inputGradient[i] = input[i] > 0 ? outputGradient[i] : slope * outputGradient[i]
  }
}

/// tanh x.
@specialized(where S == Float)
@specialized(where S == Double)
public func hyperbolicTangent<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  if let input = input as? BufferView<Float>, let output = output as? BufferView<Float> {
    return mapSixteen(input, into: output) { $0.hyperbolicTangent }
  }
  for i in output.indices {
    output[i] = S.hyperbolicTangent(input[i])
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func hyperbolicTangentBackward<S: Scalar>(
  output: BufferView<S>, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    output.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(output.count) elements into \(inputGradient.count)")
  for i in inputGradient.indices {
    inputGradient[i] = outputGradient[i] * (1 - output[i] * output[i])
  }
}

/// 1 / (1 + e⁻ˣ).
@specialized(where S == Float)
@specialized(where S == Double)
public func sigmoid<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  if let input = input as? BufferView<Float>, let output = output as? BufferView<Float> {
    return mapSixteen(input, into: output) { $0.sigmoid }
  }
  for i in output.indices {
    output[i] = 1 / (1 + S.exponential(-input[i]))
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func sigmoidBackward<S: Scalar>(
  output: BufferView<S>, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    output.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(output.count) elements into \(inputGradient.count)")
  for i in inputGradient.indices {
    inputGradient[i] = outputGradient[i] * output[i] * (1 - output[i])
  }
}

/// x · Φ(x) with the exact normal distribution Φ(x) = (1 + erf(x / √2)) / 2 (Hendrycks and Gimpel 2016), PyTorch's
/// default.
@specialized(where S == Float)
@specialized(where S == Double)
public func gelu<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  if let input = input as? BufferView<Float>, let output = output as? BufferView<Float> {
    return mapSixteen(input, into: output) { $0.gelu }
  }
  let half = S(0.5), rootHalf = S(0.5).squareRoot()
  for i in output.indices {
    let x = input[i]
    output[i] = x * half * (1 + S.errorFunction(x * rootHalf))
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func geluBackward<S: Scalar>(
  input: BufferView<S>, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    input.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(input.count) elements into \(inputGradient.count)")
  if let input = input as? BufferView<Float>, let outputGradient = outputGradient as? BufferView<Float>,
    let inputGradient = inputGradient as? BufferView<Float>
  {
    return mapSixteen(input, outputGradient, into: inputGradient) { $1 * $0.geluSlope }
  }
  let half = S(0.5), rootHalf = S(0.5).squareRoot(), scale = 1 / (2 * S.pi).squareRoot()
  for i in inputGradient.indices {
    let x = input[i]
    let distribution = half * (1 + S.errorFunction(x * rootHalf))
    let density = scale * S.exponential(-half * x * x)
    inputGradient[i] = outputGradient[i] * (distribution + x * density)
  }
}

/// x above zero, alpha · (eˣ − 1) below (Clevert, Unterthiner and Hochreiter 2016).
@specialized(where S == Float)
@specialized(where S == Double)
public func exponentialLinearUnit<S: Scalar>(_ input: BufferView<S>, alpha: S, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  for i in output.indices {
    let x = input[i]
    let below = alpha * (S.exponential(x > 0 ? 0 : x) - 1)
    output[i] = x > 0 ? x : below
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func exponentialLinearUnitBackward<S: Scalar>(
  input: BufferView<S>, alpha: S, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    input.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(input.count) elements into \(inputGradient.count)")
  for i in inputGradient.indices {
    let x = input[i]
    let below = alpha * S.exponential(x > 0 ? 0 : x)
    inputGradient[i] = outputGradient[i] * (x > 0 ? 1 : below)
  }
}

/// x / (1 + e⁻ˣ), also called swish (Elfwing, Uchibe and Doya 2018; Ramachandran, Zoph and Le 2017).
@specialized(where S == Float)
@specialized(where S == Double)
public func sigmoidLinearUnit<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements into \(output.count)")
  if let input = input as? BufferView<Float>, let output = output as? BufferView<Float> {
    return mapSixteen(input, into: output) { $0 * $0.sigmoid }
  }
  for i in output.indices {
    output[i] = input[i] / (1 + S.exponential(-input[i]))
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func sigmoidLinearUnitBackward<S: Scalar>(
  input: BufferView<S>, outputGradient: BufferView<S>, inputGradient: BufferView<S>
) {
  precondition(
    input.count == inputGradient.count && outputGradient.count == inputGradient.count,
    "\(outputGradient.count) gradients of \(input.count) elements into \(inputGradient.count)")
  if let input = input as? BufferView<Float>, let outputGradient = outputGradient as? BufferView<Float>,
    let inputGradient = inputGradient as? BufferView<Float>
  {
    return mapSixteen(input, outputGradient, into: inputGradient) { x, gradient in
      let gate = x.sigmoid
      return gradient * gate * (1 + x * (1 - gate))
    }
  }
  for i in inputGradient.indices {
    let x = input[i]
    let gate = 1 / (1 + S.exponential(-x))
    inputGradient[i] = outputGradient[i] * gate * (1 + x * (1 - gate))
  }
}

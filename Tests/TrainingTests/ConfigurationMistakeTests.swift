import Settings
import Testing
import Training

/// What a configuration is refused for, and with which words.
@Suite struct ConfigurationMistakeTests {
  @Test(arguments: [
    ("{\n  epochs: 1,\n  optimiser: 'adam'\n}", "run.json5:3:3: unknown key 'optimiser' (did you mean 'optimizer'?)"),
    ("{ data: { pth: 'x' } }", "run.json5:1:11: unknown key 'data.pth' (did you mean 'data.path'?)"),
    ("{ data: { validation: 'abc' } }", "run.json5:1:23: data.validation: expected a number, found \"abc\""),
    ("{ data: { validation: 1 } }", "run.json5:1:23: data.validation: expected at least 0 and less than 1, found 1"),
    (
      "{ data: { validation: -0.1 } }",
      "run.json5:1:23: data.validation: expected at least 0 and less than 1, found -0.1"
    ),
    ("{ data: 3 }", "run.json5:1:9: data: expected an object in braces, found 3"),
    (
      "{ data: { scaling: 'minmax' } }", "run.json5:1:20: data.scaling: unknown name 'minmax' (did you mean 'min_max'?)"
    ),
    (
      "{ data: { augment: ['flop'] } }",
      "run.json5:1:21: data.augment[0]: unknown name 'flop' (did you mean 'flip'?)"
    ),
    (
      "{ data: { augment: [{ crop: { pad: 4 } }] } }",
      "run.json5:1:31: unknown key 'data.augment[0].crop.pad' (did you mean 'data.augment[0].crop.padding'?)"
    ),
    (
      "{ data: { augment: [{ flip: { probability: 2 } }] } }",
      "run.json5:1:44: data.augment[0].flip.probability: expected from 0 to 1, found 2"
    ),
    (
      "{ data: { augment: [3] } }",
      "run.json5:1:21: data.augment[0]: expected an augmentation, such as \"flip\" or { crop: { padding: 4 } }, found 3"
    ),
    ("{ metrics: ['f1_marco'] }", "run.json5:1:13: metrics[0]: unknown name 'f1_marco' (did you mean 'f1_macro'?)"),
    ("{ metrics: 'f1' }", "run.json5:1:12: metrics: expected a list in brackets, such as [\"f1\"], found \"f1\""),
    (
      "{ metrics: 'rmse' }",
      "run.json5:1:12: metrics: expected a list in brackets, such as [\"rmse\"], found \"rmse\""
    ),
    ("{ metrics: ['rmse', 'rmse'] }", "run.json5:1:21: metrics[1]: 'rmse' is given twice"),
    (
      "{ data: { augment: [{ crop: 4 }] } }",
      "run.json5:1:29: data.augment[0].crop: expected its options in braces, { crop: { padding: … } }, found 4"
    ),
    (
      "{ optimizer: { sgd: { momentum: 0.9 } } }",
      "run.json5:1:21: optimizer.sgd: is a name, which stands under the key name: optimizer: { name: \"sgd\", … }"
    ),
    (
      "{ optimizer: { lr: 0.1 } }",
      "run.json5:1:16: unknown key 'optimizer.lr' (did you mean 'optimizer.learning_rate'?)"
    ),
    (
      "{ loss: { delta: 1 } }",
      "run.json5:1:9: loss.name: is missing; delta would be of huber, detection"
    ),
    (
      "{ loss: { name: 'cross_entropy', label_smoothing: 1 } }",
      "run.json5:1:51: loss.label_smoothing: expected at least 0 and less than 1, found 1"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: [1, -1] } }",
      "run.json5:1:53: loss.class_weights[1]: expected at least 0, found -1"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: [0, 0] } }",
      "run.json5:1:49: loss.class_weights: expected at least one weight above 0"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: 2 } }",
      "run.json5:1:49: loss.class_weights: expected \"balanced\", or a list in brackets with a number for each class, "
        + "found 2"
    ),
    (
      "{ loss: { name: 'binary_cross_entropy', positive_weight: 0 } }",
      "run.json5:1:58: loss.positive_weight: expected more than 0, found 0"
    ),
    (
      "{ loss: { name: 'focal', alpha: 2 } }",
      "run.json5:1:33: loss.alpha: expected a number from 0 to 1 for two classes, or a list with one a class"
    ),
    ("{ epochs: -1 }", "run.json5:1:11: epochs: expected at least 0, found -1"),
    ("{ epochs: 1.5 }", "run.json5:1:11: epochs: expected a whole number, found 1.5"),
    (
      "{ epochs: 9223372036854775808 }",
      "run.json5:1:11: epochs: expected at most 2147483647, found 9.223372036854776e+18"
    ),
    ("{ epochs: 2147483648 }", "run.json5:1:11: epochs: expected at most 2147483647, found 2147483648"),
    (
      "{ epochs: 9223372036854775807 }",
      "run.json5:1:11: epochs: expected at most 2147483647, found 9223372036854775807"
    ),
    ("{ epochs: 1e308 }", "run.json5:1:11: epochs: expected at most 2147483647, found 1e+308"),
    ("{ epochs: -1e308 }", "run.json5:1:11: epochs: expected at least -2147483647, found -1e+308"),
    (
      "{ seed: 18446744073709551616 }",
      "run.json5:1:9: seed: expected at most 9223372036854775807, found 1.8446744073709552e+19"
    ),
    ("{ batch_size: 0 }", "run.json5:1:15: batch_size: expected at least 1, found 0"),
    ("{ seed: -1 }", "run.json5:1:9: seed: expected at least 0, found -1"),
    ("{ shards: 0 }", "run.json5:1:11: shards: expected at least 1, found 0"),
    ("{ threads: 0 }", "run.json5:1:12: threads: expected at least 1, found 0"),
    ("{ clip_norm: 0 }", "run.json5:1:14: clip_norm: expected more than 0, found 0"),
    (
      "{ quiet: true, verbosity: 'verbose' }",
      "run.json5:1:10: quiet: stands beside 'verbosity'; expected one of the two"
    ),
    (
      "{ log: { histograms: true } }",
      "run.json5:1:22: log.histograms: stand in the files of log.tensorboard, which is off; turn it on too"
    ),
    ("{ quiet: 1 }", "run.json5:1:10: quiet: expected true or false, found 1"),
    ("{ run: 3 }", "run.json5:1:8: run: expected text in quotes, found 3"),
    ("{ run: '' }", "run.json5:1:8: run: expected text that is not empty, found \"\""),
    ("{ model: 'mpl' }", "run.json5:1:10: model: unknown name 'mpl' (did you mean 'mlp'?)"),
    ("{ model: 3 }", "run.json5:1:10: model: expected a model's name or a list of layers, found 3"),
    (
      "{ model: {} }",
      "run.json5:1:10: model: expected a name, or layers, or a generator and a discriminator: one of the three"
    ),
    (
      "{ model: { name: 'mlp', layers: [] } }",
      "run.json5:1:10: model: expected a name, or layers, or a generator and a discriminator: one of the three"
    ),
    ("{ model: 'mlp', layers: ['relu'] }", "run.json5:1:25: layers: stands beside 'model'; expected one of the two"),
    ("{ layers: [] }", "run.json5:1:11: layers: expected at least one layer, found []"),
    (
      "{ layers: [{ conv2d: { kernel: [3] } }] }",
      "run.json5:1:32: layers[0].conv2d.kernel: expected a number or [height, width], found [3]"
    ),
    (
      "{ layers: [{ conv2d: { kernel: [3, 0] } }] }",
      "run.json5:1:36: layers[0].conv2d.kernel[1]: expected at least 1, found 0"
    ),
    (
      "{ layers: [{ conv2d: { padding: 'sam' } }] }",
      "run.json5:1:33: layers[0].conv2d.padding: unknown name 'sam' (did you mean 'same'?)"
    ),
    (
      "{ data: { layout: 'NCHW' } }",
      "run.json5:1:19: data.layout: unknown name 'NCHW' (known: auto, channels_first, channels_last)"
    ),
    (
      "{ layers: [{ residual: { layers: ['relu', 'rleu'] } }] }",
      "run.json5:1:43: layers[0].residual.layers[1]: unknown name 'rleu' (did you mean 'relu'?)"
    ),
    (
      "{ layers: [{ residual: { shortcut: ['relu'] } }] }",
      "run.json5:1:24: layers[0].residual.layers: expected a list of layers in brackets"
    ),
    (
      "{ layers: [{ residual: [] }] }",
      "run.json5:1:24: layers[0].residual.layers: expected at least one layer, found []"
    ),
    (
      "{ layers: [{ parallel: [['relu']] }] }",
      "run.json5:1:24: layers[0].parallel.branches: expected two or more lists of layers, such as "
        + "[[{ dense: 8 }], [{ dense: 4 }, \"relu\"]], found [[\"relu\"]]"
    ),
    (
      "{ layers: [{ parallel: { branches: [['relu'], []], join: 'ad' } }] }",
      "run.json5:1:58: layers[0].parallel.join: unknown name 'ad' (did you mean 'add'?)"
    ),
    (
      "{ layers: [{ batch_norm: { momentum: 2 } }] }",
      "run.json5:1:38: layers[0].batch_norm.momentum: expected from 0 to 1, found 2"
    ),
    ("{ layers: ['rleu'] }", "run.json5:1:12: layers[0]: unknown name 'rleu' (did you mean 'relu'?)"),
    (
      "{ layers: [{ dense: { unit: 3 } }] }",
      "run.json5:1:23: unknown key 'layers[0].dense.unit' (did you mean 'layers[0].dense.units'?)"
    ),
    ("{ layers: [{ relu: 3 }] }", "run.json5:1:20: layers[0].relu: expected no value: it has no options, found 3"),
    (
      "{ layers: [{ dense: 3, relu: 1 }] }",
      "run.json5:1:12: layers[0]: expected a layer, such as \"relu\" or { dense: 128 }, found {\"dense\": 3, \"relu\": "
        + "1}"
    ),
    ("{ layers: [{ dense: 0 }] }", "run.json5:1:21: layers[0].dense.units: expected at least 1, found 0"),
    (
      "{ layers: [{ dropout: 1 }] }",
      "run.json5:1:23: layers[0].dropout.rate: expected at least 0 and less than 1, found 1"
    ),
    (
      "{ layers: [{ leaky_relu: '' }] }",
      "run.json5:1:26: layers[0].leaky_relu.negative_slope: expected a number, found \"\""
    ),
    ("{ layers: [{ dense: { bias: 1 } }] }", "run.json5:1:29: layers[0].dense.bias: expected true or false, found 1"),
    (
      "{ layers: [{ dense: { initializer: 'xavie' } }] }",
      "run.json5:1:36: layers[0].dense.initializer: unknown name 'xavie' (did you mean 'xavier'?)"
    ),
    (
      "{ schedule: { name: 'cosine', minimum_learning_rate: 0.01 } }",
      "run.json5:1:13: schedule: minimum_learning_rate is above optimizer.learning_rate, 0.001"
    ),
    ("{ loss: 'huberr' }", "run.json5:1:9: loss.name: unknown name 'huberr' (did you mean 'huber'?)"),
    (
      "{ loss: { name: 'mse', delta: 1 } }",
      "run.json5:1:31: loss.delta: is no option of loss 'mse' but of huber, detection"
    ),
    (
      "{ loss: { name: 'huber', box_weight: 1 } }",
      "run.json5:1:38: loss.box_weight: is no option of loss 'huber' but of detection"
    ),
    (
      "{ loss: { name: 'detection', box_weight: -1 } }",
      "run.json5:1:42: loss.box_weight: expected at least 0, found -1"
    ),
    ("{ data: { target: 'label' } }", "run.json5:1:19: data.target: unknown name 'label' (did you mean 'labels'?)"),
    (
      "{ data: { target: 'features', labels: '/y' } }",
      "run.json5:1:9: data: labels are not read where the target is the features; leave data.labels out"
    ),
    (
      "{ loss: {} }",
      "run.json5:1:9: loss.name: expected one of cross_entropy, binary_cross_entropy, mse, mae, huber, log_cosh, "
        + "focal, hinge, binary_hinge, detection"
    ),
    ("{ optimizer: 'adan' }", "run.json5:1:14: optimizer.name: unknown name 'adan' (did you mean 'adam'?)"),
    (
      "{ optimizer: { momentum: 0.9 } }",
      "run.json5:1:26: optimizer.momentum: is no option of optimizer 'adam', the default, but of sgd, rmsprop, lars"
    ),
    (
      "{ optimizer: { name: 'sgd', beta1: 0.9 } }",
      "run.json5:1:36: optimizer.beta1: is no option of optimizer 'sgd' but of adam, adamw, nadam, lion, lamb"
    ),
    (
      "{ optimizer: { name: 'sgd', nesterov: true } }",
      "run.json5:1:39: optimizer.nesterov: needs optimizer.momentum above 0"
    ),
    ("{ optimizer: { learning_rate: 0 } }", "run.json5:1:31: optimizer.learning_rate: expected more than 0, found 0"),
    ("{ optimizer: { beta2: 1 } }", "run.json5:1:23: optimizer.beta2: expected at least 0 and less than 1, found 1"),
    (
      "{ optimizer: { name: 'lion', epsilon: 1 } }",
      "run.json5:1:39: optimizer.epsilon: is no option of optimizer 'lion' but of adam, adamw, nadam, adagrad, "
        + "rmsprop, adadelta, lars, lamb"
    ),
    (
      "{ optimizer: { name: 'rmsprop', rho: 0.9 } }",
      "run.json5:1:38: optimizer.rho: is no option of optimizer 'rmsprop' but of adadelta"
    ),
    (
      "{ schedule: 'multi_step' }",
      "run.json5:1:13: schedule.milestones: expected the epochs after which to decay, such as [30, 60]"
    ),
    (
      "{ schedule: { name: 'multi_step', milestones: [3, 3] } }",
      "run.json5:1:51: schedule.milestones[1]: expected at least 4, found 3"
    ),
    (
      "{ schedule: { scaling: 'linear' } }",
      "run.json5:1:24: schedule.scaling: needs schedule.reference_batch, the batch that the learning rate was chosen "
        + "for"
    ),
    (
      "{ schedule: { name: 'one_cycle', rise: 1 } }",
      "run.json5:1:40: schedule.rise: expected more than 0 and less than 1, found 1"
    ),
    (
      "{ schedule: { patience: 2 } }",
      "run.json5:1:25: schedule.patience: is no option of schedule 'cosine', the default, but of plateau"
    ),
    ("{ ema_decay: 1 }", "run.json5:1:14: ema_decay: expected more than 0 and less than 1, found 1"),
    ("{ clip_value: 0 }", "run.json5:1:15: clip_value: expected more than 0, found 0"),
    ("{ accumulate: 0 }", "run.json5:1:15: accumulate: expected at least 1, found 0"),
    (
      "{ regularization: { l3: 1 } }",
      "run.json5:1:21: unknown key 'regularization.l3' (did you mean 'regularization.l1'?)"
    ),
    (
      "{ early_stopping: { patience: 0 } }",
      "run.json5:1:31: early_stopping.patience: expected at least 1, found 0"
    ),
    (
      "{ schedule: { name: 'step', gamma: 1.5 } }",
      "run.json5:1:36: schedule.gamma: expected more than 0 and at most 1, found 1.5"
    ),
    (
      "{ schedule: { gamma: 0.5 } }",
      "run.json5:1:22: schedule.gamma: is no option of schedule 'cosine', the default, but of step, multi_step, "
        + "exponential, plateau"
    ),
    ("{ schedule: 'cosin' }", "run.json5:1:13: schedule.name: unknown name 'cosin' (did you mean 'cosine'?)"),
    ("{ exchange: 'gloo' }", "run.json5:1:13: exchange: unknown name 'gloo' (known: auto, shared, mpi)"),
    ("{ checkpoint: { keep: 0 } }", "run.json5:1:23: checkpoint.keep: expected at least 1, found 0"),
    ("[]", "run.json5:1:1: the configuration: expected an object in braces, found []"),
  ])
  func mistakesSayWhereAndWhat(text: String, expected: String) {
    #expect(message { () throws(SettingsError) in try configuration(text) } == expected)
  }

  @Test func anErrorIsOneLine() {
    let text = message { () throws(SettingsError) in try configuration("{ 'epoch\\ns': 1 }") }
    #expect(text == "run.json5:1:3: unknown key 'epoch\\ns' (did you mean 'epochs'?)")
  }

  @Test func mistakesAreUsageErrors() {
    #expect(SettingsError("x").exitCode == .usage)
  }
}

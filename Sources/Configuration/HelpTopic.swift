import NeuralNetwork
import Metrics
import NeuralNetwork
import Settings

/// What `--help` can tell about.
public enum HelpTopic: String, Sendable {
  case general = "help"
  case train, evaluate, predict, generate, verify
  case rangeTest = "lr-find"
}

extension HelpTopic {
  /// The text that `--help` prints: at most 100 columns, without a closing newline.
  public var text: String {
    switch self {
    case .general: Self.generalText
    case .train:
      Self.trainHead + "\n\n" + Self.table(TrainArguments.options, withKeys: true) + "\n\n" + Self.otherKeys
    case .evaluate:
      """
      Usage: ddp-train evaluate CHECKPOINT [options]

      Prints loss and metrics of a checkpoint on one split.

      \(Self.table(EvaluateArguments.options, withKeys: false))
      """
    case .predict:
      """
      Usage: ddp-train predict CHECKPOINT --data FILE --output OUT.h5 [options]

      Writes logits, probabilities and classes (and boxes), or values, for every sample of a split, in
      its order. Values of a reconstruction are scaled as the model's input is.

      \(Self.table(PredictArguments.options, withKeys: false))
      """
    case .rangeTest:
      """
      Usage: ddp-train lr-find [CONFIG.json5] [options]

      Trains fresh weights for some steps at growing learning rates, draws the loss over the rate,
      and suggests the rate where it falls fastest. Takes the options of train as well, but for
      --epochs, --learning-rate, --run and --resume.

      \(Self.table(RangeTestArguments.options, withKeys: false))
      """
    case .generate:
      """
      Usage: ddp-train generate CHECKPOINT [options]

      Writes text, character by character, with a model that was trained on the characters of a text.
      Of a GAN, makes samples: a picture with --grid, data with --output, or both.

      \(Self.table(GenerateArguments.options, withKeys: false))
      """
    case .verify:
      """
      Usage: ddp-train verify CHECKPOINT

      Recomputes the checksum of a checkpoint. Exit code 0 if it is whole, 3 if it is not.
      """
    }
  }

  private static let generalText = """
    ddp-train trains neural networks by synchronous data parallelism over MPI ranks.

    Usage: ddp-train [COMMAND] [arguments]          alone: trains on the bundled digits
           mpirun -np 4 ddp-train [COMMAND] …       the same on 4 ranks, with the same result

    Commands
      train [CONFIG] [options]                      trains; the default command
      lr-find [CONFIG] [options]                    loss over learning rate, and a suggestion
      evaluate CHECKPOINT [--data FILE]             loss and metrics of a checkpoint
      predict CHECKPOINT --data FILE --output F.h5  writes predictions
      generate CHECKPOINT [options]                 writes text, or makes the samples of a GAN
      data convert|make|inspect …                   makes and looks at data sets
      verify CHECKPOINT                             checks that a checkpoint is whole
      help COMMAND                                  options and configuration keys; also --help
      version                                       prints the version; also --version

    Exit codes
      0 done   2 usage or configuration   3 data or checkpoint   4 loss not finite
      5 launch or MPI   6 replicas differ   75 pre-empted, checkpoint complete
    """

  private static let trainHead = """
    Usage: ddp-train [train] [CONFIG.json5] [options]

    Defaults give way to the file, the file to --set and options, in the order given.
    """

  private static let otherKeys = """
    Keys of the configuration file without an option, for --set too

      data.features, data.labels        datasets in the file, such as /train/x (found by name)
      data.target                       labels, or features: reconstruction (labels; features for
                                        the model autoencoder); augment [noise] then denoises
      data.validation                   fraction of train used for validation, 0 up to 1 (0)
      data.scaling                      none, unit, standard or min_max (unit)
      data.layout                       of images: channels_first or channels_last (by the shape)
      data.augment                      ["flip", { crop: { padding: 4 } }] ([]); for images:
                                        flip { probability, axis }, crop { padding },
                                        shift { fraction }, rotate { degrees }, cutout { size };
                                        for any data: noise { standard_deviation }, mixup { alpha }
      model.layers                      [{ dense: 128 }, "relu", { dropout: 0.2 }, "dense"]
                                        \(wrapped(LayerCatalog.names))
                                        { residual: { layers: […], shortcut: […] } } adds the two,
                                        { parallel: { branches: [[…], […]], join: "concat" } },
                                        joined by "concat" or "add";
                                        { embedding: { dimension: 32, padding: 0 } } and { mask: 0 }
                                        end a sequence where only that number follows, for lstm, gru
                                        and attention up to a convolution, pooling or reshape;
                                        { custom: "Name" } is a layer of a program that has
                                        ddp-train as a library
      model.generator, .discriminator   lists of layers, instead of model.layers: a GAN, trained on
                                        binary cross-entropy of reals and fakes; its best checkpoint
                                        is the newest
      model.latent                      normal numbers that the generator makes a sample of (64)
      initializer                       kaiming (also kaiming_uniform), kaiming_normal, xavier (also
                                        xavier_uniform), xavier_normal, orthogonal,
                                        truncated_normal, zero (kaiming)
      loss.name                         \(wrapped(LossCatalog.all.names))
      loss.targets                      for cross_entropy: labels or probabilities (by the data)
      loss.label_smoothing              for cross_entropy, 0 up to 1 (0)
      loss.class_weights                for cross_entropy, one a class (1 each)
      loss.positive_weight              for binary_cross_entropy, a number or one an output (1)
      loss.gamma, .alpha                for focal: 2; α of class 1 of two, or one a class (1 each)
      loss.delta                        for huber (1), and the boxes of detection (0.1)
      loss.box_weight                   for detection, of the box beside the class (20)
      loss.margin                       for hinge and binary_hinge (1)
      metrics                           ["accuracy"]: measured on validation, any of
                                        \(wrapped(MetricName.knownNames))
      optimizer.name                    sgd, adam, adamw, adagrad, rmsprop, adadelta, lion, lars,
                                        lamb (adam)
      optimizer.weight_decay            at least 0 (0; adamw and lamb 0.01)
      optimizer.decay_biases            whether biases and norms decay too (true; lars, lamb false)
      optimizer.momentum                for sgd (0), rmsprop (0) and lars (0.9)
      optimizer.nesterov                for sgd (false)
      optimizer.beta1, .beta2           for adam, adamw, lamb (0.9, 0.999) and lion (0.9, 0.99)
      optimizer.epsilon                 for all but sgd and lion (1e-08; adagrad 1e-10, adadelta
                                        and lamb 1e-06)
      optimizer.alpha, .centered        for rmsprop (0.99, false)
      optimizer.rho                     for adadelta (0.9)
      optimizer.trust_coefficient       for lars (0.001)
      generator_optimizer               of a GAN's generator, with the keys of optimizer, which is
                                        the discriminator's (as optimizer)
      schedule.name                     constant, step, multi_step, exponential, polynomial,
                                        cosine, one_cycle or plateau (cosine)
      schedule.warmup_steps             steps of linear warm-up (0)
      schedule.scaling                  none, linear or square_root in the samples of a step (none)
      schedule.reference_batch          samples of a step that the learning rate was chosen for
      schedule.step_epochs              epochs between decays, for step (a third of the epochs)
      schedule.milestones               epochs after which multi_step decays, such as [30, 60]
      schedule.gamma                    factor per decay, for step, multi_step, plateau (0.1) and
                                        exponential (0.95)
      schedule.power                    for polynomial (1)
      schedule.minimum_learning_rate    where polynomial and cosine end, plateau's least (0)
      schedule.period_epochs            first period of cosine with restarts (no restarts)
      schedule.period_growth            factor from period to period (1)
      schedule.rise                     share of one_cycle before its peak (0.3)
      schedule.start_divisor            peak over first rate, for one_cycle (25)
      schedule.end_divisor              first rate over last, for one_cycle (10000)
      schedule.metric                   loss or accuracy, for plateau (loss)
      schedule.patience, .cooldown      in epochs, for plateau (10, 0)
      schedule.threshold                relative improvement, for plateau (0.0001)
      clip_norm                         largest global norm of the gradient (off)
      clip_value                        largest magnitude of an element of the gradient (off)
      regularization.l1, .l2            factors of Σ|w| and Σw²/2, in the gradient alone (0, 0)
      ema_decay                         evaluates a moving average of the weights (off)
      accumulate                        micro-steps of batch_size samples summed per step (1)
      early_stopping.metric             loss or accuracy, of val or else train (loss)
      early_stopping.patience           epochs without improvement that end the run (5)
      early_stopping.minimum_change     what counts as improvement (0)
      early_stopping.restore_best       whether the result is the best, not the last (true)
      checkpoint.every_epochs           0 turns it off (1; off if one of the next two is given)
      checkpoint.every_steps            0 turns it off (off)
      checkpoint.every_minutes          0 turns it off (off)
      checkpoint.keep                   newest checkpoints kept, beside the best (3)
      name                              name in the default run directory (from the data)
    """

  /// Names in lines that end before column 100, each below the first.
  private static func wrapped(_ names: [String]) -> String {
    var lines = [""]
    for name in names {
      let addition = (lines[lines.count - 1].isEmpty ? "" : ", ") + name
      if lines[lines.count - 1].count + addition.count > 55 {
        lines[lines.count - 1] += ","
        lines.append(name)
      } else {
        lines[lines.count - 1] += addition
      }
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: 40))
  }

  /// Options in columns: option, key, default, meaning.
  private static func table(_ options: [CommandOption], withKeys: Bool) -> String {
    let help = CommandOption("--help, -h", .flag, "", "prints this")
    let rows = (options + [help]).map { option in
      let spelling = option.placeholder.isEmpty ? option.name : "\(option.name) \(option.placeholder)"
      let columns = withKeys ? [spelling, option.key ?? ""] : [spelling]
      return columns + [option.defaultText ?? "", option.meaning]
    }
    let head = (withKeys ? ["Option", "Key"] : ["Option"]) + ["Default", "Meaning"]
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = row.indices.dropLast().map { column in
        row[column] + String(repeating: " ", count: widths[column] - row[column].count)
      }
      return "  " + (cells + [row[row.count - 1]]).joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

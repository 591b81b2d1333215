import Configuration
import Metrics
import Settings

extension TrainingConfiguration {
  /// What `train --help` says of the keys of the configuration file.
  public static var helpSections: [HelpSection] {
    [HelpSection("Keys of the configuration file without an option, for --set too", text: otherKeys)]
  }

  private static let otherKeys = """
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
                                        \(wrapped(LayerDescription.knownNames))
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
      loss.name                         \(wrapped(TrainingConfiguration.Loss.knownNames))
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
    return lines.joined(separator: "\n" + String(repeating: " ", count: 36))
  }
}

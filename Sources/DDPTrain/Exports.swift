public import Basics
public import Collectives
public import Training
public import Metrics
// Layers, models and what they are made of.
@_exported public import NeuralNetwork
public import NumericCore
public import Settings

// What a program needs of the libraries below, by one import. Each name is documented where it is defined.

// MARK: Models, and layers of one's own

public typealias ParameterSpecification = NumericCore.ParameterSpecification
public typealias Initializer = NumericCore.Initializer
public typealias InitializationScheme = NumericCore.InitializationScheme
public typealias InputLayout = NumericCore.InputLayout
public typealias Extents = NumericCore.Extents
public typealias RandomSource = NumericCore.RandomSource
public typealias Scalar = NumericCore.Scalar
public typealias Shape = NumericCore.Shape
public typealias Window = NumericCore.Window

// MARK: Training, evaluating and predicting

public typealias TrainingConfiguration = Training.TrainingConfiguration
public typealias TrainArguments = Training.TrainArguments
public typealias TrainingRun = Training.TrainingRun
public typealias EvaluateArguments = Training.EvaluateArguments
public typealias EvaluationRun = Training.EvaluationRun
public typealias SplitMetrics = Training.SplitMetrics
public typealias MetricName = Metrics.MetricName
public typealias MetricReport = Metrics.MetricReport
public typealias PredictArguments = Training.PredictArguments
public typealias PredictionRun = Training.PredictionRun
public typealias BundledData = Training.BundledData

// MARK: The program around it

public typealias DistributedProgram = Training.DistributedProgram
public typealias MPICommunicator = Collectives.MPICommunicator
public typealias ExitCode = Basics.ExitCode
public typealias UserFacingError = Basics.UserFacingError
public typealias Failure = Basics.Failure
public typealias SettingsError = Settings.SettingsError

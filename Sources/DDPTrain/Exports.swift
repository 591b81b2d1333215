// What a program needs of the libraries below, by one import. Each name is documented where it is defined.

// Layers, losses, optimizers, metrics, configurations and runs.
@_exported public import Metrics
@_exported public import NeuralNetwork
@_exported public import Optimizers
@_exported public import Training

public import Basics
public import Collectives
public import DataPipeline
public import NumericCore
public import Settings

// MARK: Layers, losses and metrics of one's own

public typealias ParameterSpecification = NumericCore.ParameterSpecification
public typealias Initializer = NumericCore.Initializer
public typealias InitializationScheme = NumericCore.InitializationScheme
public typealias InputLayout = NumericCore.InputLayout
public typealias Extents = NumericCore.Extents
public typealias RandomSource = NumericCore.RandomSource
public typealias Scalar = NumericCore.Scalar
public typealias Shape = NumericCore.Shape
public typealias StepScalars = NumericCore.StepScalars
public typealias BufferView = NumericCore.BufferView
public typealias Setting = Settings.Setting
public typealias SettingChoice = Settings.SettingChoice
public typealias NamePattern = Settings.NamePattern

// MARK: What a configuration says of the data

public typealias ChannelLayout = DataPipeline.ChannelLayout
public typealias FeatureScaling = DataPipeline.FeatureScaling
public typealias TargetScaling = DataPipeline.TargetScaling
public typealias Stratification = DataPipeline.Stratification
public typealias AugmentationList = DataPipeline.AugmentationList
public typealias Crop = DataPipeline.Crop
public typealias Cutout = DataPipeline.Cutout
public typealias Flip = DataPipeline.Flip
public typealias Mixup = DataPipeline.Mixup
public typealias Noise = DataPipeline.Noise
public typealias Rotate = DataPipeline.Rotate
public typealias Shift = DataPipeline.Shift

// MARK: The program around it

public typealias MPICommunicator = Collectives.MPICommunicator
public typealias ExitCode = Basics.ExitCode
public typealias UserFacingError = Basics.UserFacingError
public typealias Failure = Basics.Failure
public typealias SettingsError = Settings.SettingsError

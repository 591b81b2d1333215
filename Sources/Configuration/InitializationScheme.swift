import Settings

/// How initial weights are drawn; `kaiming` and `xavier` are the uniform ones.
public enum InitializationScheme: String, SettingChoice {
  case kaiming, xavier, zero
  case kaimingUniform = "kaiming_uniform"
  case kaimingNormal = "kaiming_normal"
  case xavierUniform = "xavier_uniform"
  case xavierNormal = "xavier_normal"
  case orthogonal
  case truncatedNormal = "truncated_normal"
}

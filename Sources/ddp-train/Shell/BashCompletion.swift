/// Completion for bash: a function of its own, which needs no package.
enum BashCompletion {
  static func script(_ commands: [CommandSketch]) -> String {
    let names = firstWords(commands).joined(separator: " ")
    let groups = Dictionary(grouping: commands.filter { $0.name.contains(" ") }) { $0.name.prefix { $0 != " " } }
    let second = groups.sorted { $0.key < $1.key }.map { group, members in
      "    \(group)) words=\(quoted(members.map { String($0.name.dropFirst(group.count + 1)) })) ;;"
    }
    let options = commands.map { "    \($0.name.shellQuoted)) echo \(quoted($0.options.map(\.name))) ;;" }
    let values = commands.flatMap { command in
      command.options.compactMap { option in
        option.value.map { "    \("\(command.name) \(option.name)".shellQuoted)) \(answer($0)) ;;" }
      }
    }
    let operands = commands.flatMap { command in
      [
        "    \("\(command.name) 0".shellQuoted)) \(answer(command.first)) ;;",
        "    \("\(command.name) more".shellQuoted)) \(answer(command.others)) ;;",
      ]
    }
    return #"""
      # Completion of ddp-train for bash, made by: ddp-train completion bash

      _ddp_train_options() {
        case $1 in
      \#(options.joined(separator: "\n"))
        esac
      }

      # What may stand behind an option, or as operand 0 and more: words, or :files, :directories, :settings and keys.
      _ddp_train_values() {
        case "$1 $2" in
      \#((values + operands).joined(separator: "\n"))
        esac
      }

      _ddp_train() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
        # What stands behind --option= comes as a word of its own.
        if [[ $current == '=' ]]; then current=
        elif [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
        COMPREPLY=()
        # The value of a key.
        local at=$COMP_CWORD
        [[ ${COMP_WORDS[at]} == '=' ]] || at=$((at - 1))
        if ((at >= 2)) && [[ ${COMP_WORDS[at]} == '=' && ${COMP_WORDS[at-2]} == --set ]]; then return; fi
        local command= word index operands=0 option= words=
        for ((index = 1; index < COMP_CWORD; index++)); do
          word=${COMP_WORDS[index]}
          if [[ $word == '=' ]]; then continue; fi
          if [[ -n $option ]]; then option=; continue; fi
          if [[ $word == -* ]]; then
            if [[ -n $(_ddp_train_values "${command:-train}" "$word") ]]; then option=$word; fi
          elif [[ -z $command && ' \#(names) ' == *" $word "* ]]; then command=$word
          elif [[ ' \#(groups.keys.sorted().joined(separator: " ")) ' == *" $command "* ]]; then command+=" $word"
          else operands=$((operands + 1)); fi
        done
        local place=$operands
        if ((operands > 0)); then place=more; fi
        local values=$(_ddp_train_values "${command:-train}" "$previous")
        if [[ $previous == -* && -n $values ]]; then words=$values
        elif [[ $current == -* ]]; then words=$(_ddp_train_options "${command:-train}")
        else
          case $command in
            '') words='\#(names) :files' ;;
      \#(second.joined(separator: "\n"))
            *) words=$(_ddp_train_values "$command" "$place") ;;
          esac
        fi
        case $words in
          :settings*)
            compopt -o nospace
            COMPREPLY=($(compgen -S = -W "${words#:settings}" -- "$current"))
            return ;;
          :directories) compopt -o dirnames; mapfile -t COMPREPLY < <(compgen -d -- "${current//\\/}"); return ;;
          *:files*)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -W "${words/:files/}" -- "$current"; compgen -f -- "${current//\\/}")
            return ;;
        esac
        COMPREPLY=($(compgen -W "$words" -- "$current"))
      }

      complete -F _ddp_train ddp-train
      """#
  }

  /// The first words of the commands, each once.
  static func firstWords(_ commands: [CommandSketch]) -> [String] {
    commands.map { String($0.name.prefix { $0 != " " }) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func quoted(_ words: [String]) -> String { words.joined(separator: " ").shellQuoted }

  private static func answer(_ expected: CommandSketch.Expected) -> String {
    switch expected {
    case .anything: "echo ' '"
    case .files: "echo :files"
    case .directories: "echo :directories"
    case .words(let words): "echo " + quoted(words + (words == ["auto"] ? [":files"] : []))
    case .settings(let keys): "echo " + quoted([":settings"] + keys)
    }
  }
}

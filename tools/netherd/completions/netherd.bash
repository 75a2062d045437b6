# Completion of netherd for bash. To use it at once: source <(netherd completion bash)

_netherd_labs() { netherd ls --names 2>/dev/null; }
_netherd_nodes() { netherd show "$1" --names 2>/dev/null; }

# The options of a subcommand, as its help lists them.
_netherd_options() { netherd "$1" --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u; }

_netherd_value_of() {
  case $1 in
    --routing) echo 'none default shortest-path' ;;
    --ipv6) echo 'on off' ;;
    --format) echo 'containerlab graphml edges' ;;
    --submission) echo 'auto in-loop worker' ;;
  esac
}

_netherd() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  local values word arguments=() i
  COMPREPLY=()

  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W \
      'up down ls show exec shell check ping plan generate bench gc doctor completion --help --version' -- "$current")
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $command == exec && $word == -- ]]; then
      mapfile -t COMPREPLY < <(compgen -c -- "$current") # what follows is a command of its own
      return
    fi
    [[ $word == -* ]] || arguments+=("$word")
  done
  values=$(_netherd_value_of "$previous")
  if [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    return
  fi
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_netherd_options "$command")" -- "$current")
    return
  fi

  case $command in
    up | plan | bench | doctor) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    down | check) mapfile -t COMPREPLY < <(compgen -W "$(_netherd_labs)" -- "$current"; compgen -f -- "$current") ;;
    show | exec | shell | ping)
      if ((${#arguments[@]} == 0)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_netherd_labs)" -- "$current")
      elif [[ $command != ping ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_netherd_nodes "${arguments[0]}")" -- "$current")
      fi
      ;;
    generate)
      mapfile -t COMPREPLY < <(compgen -W \
        'line ring star grid torus full-mesh tree fat-tree leaf-spine random scale-free' -- "$current")
      ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh' -- "$current") ;;
  esac
}

complete -o filenames -F _netherd netherd

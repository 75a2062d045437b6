# Completion of netherd for bash. To use it at once: source <(netherd completion bash)

_netherd_labs() { netherd ls --names 2>/dev/null; }
_netherd_nodes() { netherd show "$1" --names 2>/dev/null; }

# The options of a subcommand: those that its help lists, each at the begin of a line, and not those in its examples.
_netherd_options() { netherd "$1" --help 2>/dev/null | sed -nE 's/^  (-[a-z],)?(--[a-z][a-z0-9-]*).*/\2/p'; }

# Options whose next word is their value.
_netherd_takes_value() {
  case $1 in
    --format | --name | --routing | --ipv4-pool | --ipv6-pool | --ipv6 | --submission | --factory-threads | --jobs | \
      --count | --timeout | --nodes | --degree | --seed | --output | -o | --rounds) return 0 ;;
  esac
  return 1
}

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
      'up down ls show exec shell check ping plan generate bench gc doctor completion ip --help --version' -- "$current")
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $command == exec && $word == -- ]]; then
      mapfile -t COMPREPLY < <(compgen -c -- "$current") # what follows is a command of its own
      return
    fi
    if _netherd_takes_value "$word"; then
      ((++i)) # its value is no argument
    elif [[ $word != -* ]]; then
      arguments+=("$word")
    fi
  done
  values=$(_netherd_value_of "$previous")
  if [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    return
  fi
  if _netherd_takes_value "$previous"; then
    case $previous in -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;; esac
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
    ip)
      ((${#arguments[@]} == 0)) && mapfile -t COMPREPLY < <(compgen -W \
        'address link monitor neighbour netns nexthop route rule tuntap' -- "$current")
      ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current") ;;
  esac
}

complete -o filenames -F _netherd netherd

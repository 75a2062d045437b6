# Completion of netherd for fish. To use it at once: netherd completion fish | source

function __netherd_words
    commandline -opc
end

# The arguments behind the subcommand that are no options and no values of options.
function __netherd_arguments
    set -l valued --format --name --routing --ipv4-pool --ipv6-pool --ipv6 --submission --factory-threads --jobs \
        --count --timeout --nodes --degree --seed --output -o --rounds
    set -l words (__netherd_words)
    set -l value no
    for word in $words[3..-1]
        if test $value = yes
            set value no
        else if contains -- $word $valued
            set value yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __netherd_no_command
    test (count (__netherd_words)) -eq 1
end

function __netherd_command_is
    set -l words (__netherd_words)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

# One of these commands, and so many arguments behind it.
function __netherd_wants
    set -l count $argv[1]
    __netherd_command_is $argv[2..-1]; and test (count (__netherd_arguments)) -eq $count
end

function __netherd_wants_node
    __netherd_command_is show exec shell; and test (count (__netherd_arguments)) -ge 1
    and not contains -- -- (__netherd_words)
end

function __netherd_nodes
    set -l arguments (__netherd_arguments)
    netherd show $arguments[1] --names 2>/dev/null
end

# The options of a subcommand, as its help lists them.
function __netherd_options
    set -l words (__netherd_words)
    netherd $words[2] --help 2>/dev/null | string replace -rf '^  (?:-[a-z],)?(--[a-z][a-z0-9-]*).*' '$1'
end

complete -c netherd -f
complete -c netherd -n __netherd_no_command -a up -d 'build a lab from a topology file'
complete -c netherd -n __netherd_no_command -a down -d 'remove a lab'
complete -c netherd -n __netherd_no_command -a ls -d 'list the labs of this machine'
complete -c netherd -n __netherd_no_command -a show -d 'show nodes, interfaces, addresses and state of a lab'
complete -c netherd -n __netherd_no_command -a exec -d 'run a command in one, several or all nodes'
complete -c netherd -n __netherd_no_command -a shell -d 'start an interactive shell in a node'
complete -c netherd -n __netherd_no_command -a check -d 'compare a running lab with its topology, or look for errors in a file'
complete -c netherd -n __netherd_no_command -a ping -d 'send a packet over every link, in both directions'
complete -c netherd -n __netherd_no_command -a plan -d 'print what up would send, as ip commands'
complete -c netherd -n __netherd_no_command -a generate -d 'write a topology of a well-known shape'
complete -c netherd -n __netherd_no_command -a bench -d 'measure how fast labs can be built on this machine'
complete -c netherd -n __netherd_no_command -a gc -d 'remove what crashed runs have left'
complete -c netherd -n __netherd_no_command -a doctor -d 'check this machine'
complete -c netherd -n __netherd_no_command -a completion -d 'print a completion script for a shell'
complete -c netherd -n __netherd_no_command -a ip -d 'the commands of ip(8), executed by netherd'
complete -c netherd -n __netherd_no_command -a '--help --version'

complete -c netherd -n 'not __netherd_no_command; and not __netherd_command_is ip' -a '(__netherd_options)'
complete -c netherd -n '__netherd_wants 0 up plan bench doctor down check' -F
complete -c netherd -n '__netherd_wants 0 down check show exec shell ping' -a '(netherd ls --names 2>/dev/null)' -d lab
complete -c netherd -n __netherd_wants_node -a '(__netherd_nodes)' -d node
complete -c netherd -n '__netherd_wants 0 generate' \
    -a 'line ring star grid torus full-mesh tree fat-tree leaf-spine random scale-free'
complete -c netherd -n '__netherd_wants 0 completion' -a 'bash zsh fish'
complete -c netherd -n '__netherd_command_is ip' -a 'address link monitor neighbour netns nexthop route rule tuntap'

complete -c netherd -l format -x -a 'containerlab graphml edges' -n '__netherd_command_is up plan bench doctor down check'
complete -c netherd -l routing -x -a 'none default shortest-path' -n '__netherd_command_is up plan bench doctor check generate'
complete -c netherd -l ipv6 -x -a 'on off' -n '__netherd_command_is up plan bench doctor check generate'
complete -c netherd -l submission -x -a 'auto in-loop worker' -n '__netherd_command_is up'
complete -c netherd -s o -l output -r -F -n '__netherd_command_is generate'

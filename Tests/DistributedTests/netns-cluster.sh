#!/usr/bin/env bash
# Runs a program on a cluster of hosts, which are network namespaces of this machine: each has an address and a host name of
# its own, and MPI sees as many nodes. Needs root.
#   netns-cluster.sh DIRECTORY RANKS_PER_HOST PROGRAM [ARGUMENT]...
# DDP_TRAIN_MPI=mpich starts them by MPICH's launcher.
# HOSTS=N makes N hosts in place of two, RATE=1gbit lets each send so many bits a second, as `tc … tbf` takes them,
# PIN=1 gives each a core of its own, as far as there are enough.
# With LAUNCHER=1 the program is what starts the ranks itself, such as launch/hosts, and runs on the first host: it finds
# DIRECTORY/hostfile and, in the environment, how Open MPI reaches hosts. A host refuses as long as DIRECTORY/HOST.down
# is there.
# DIRECTORY is for files of this script. Exit codes: that of the job; 77 if namespaces cannot be made here.
set -euo pipefail

directory=$1 ranks=$2
shift 2

# Names of this run alone: others may be at it on the same machine.
id=$$
hosts=() count=${HOSTS:-2} rate=${RATE:-}
for ((i = 1; i <= count; i++)); do hosts+=("ddp-$id-$i"); done
bridge=ddpb$id

clean_up() {
  local host
  for host in "${hosts[@]}"; do
    ip netns pids "$host" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
    ip netns del "$host" 2>/dev/null || true
    rm -rf "/etc/netns/$host"
  done
  # The bridge is in a namespace of its own, so nothing of this can meet the machine's networks.
  ip netns del "$bridge" 2>/dev/null || true
  rmdir /etc/netns 2>/dev/null || true
}
trap clean_up EXIT

skip() {
  printf 'skip: %s\n' "$1"
  exit 77
}

((EUID == 0)) || skip 'network namespaces need root'
command -v ip >/dev/null || skip 'no ip on the PATH (package iproute2)'
command -v unshare >/dev/null || skip 'no unshare on the PATH (package util-linux)'
reason=$(ip netns add "$bridge" 2>&1) || skip "ip netns add: $reason"
reason=$(ip -n "$bridge" link add br0 type bridge 2>&1) || skip "no bridge: $reason"
ip -n "$bridge" link set br0 up

for ((i = 0; i < count; i++)); do
  host=${hosts[i]}
  ip netns add "$host"
  # `ip netns exec` lays this file over /etc/hosts.
  mkdir -p "/etc/netns/$host"
  {
    echo '127.0.0.1 localhost'
    for ((j = 0; j < count; j++)); do echo "10.77.0.$((j + 1)) ${hosts[j]}"; done
  } >"/etc/netns/$host/hosts"
  reason=$(ip link add "ddpv$id-$i" netns "$bridge" type veth peer name eth0 netns "$host" 2>&1) || skip "no veth: $reason"
  ip -n "$bridge" link set "ddpv$id-$i" master br0
  ip -n "$bridge" link set "ddpv$id-$i" up
  ip -n "$host" addr add "10.77.0.$((i + 1))/24" dev eth0
  ip -n "$host" link set eth0 up
  ip -n "$host" link set lo up
  if [[ $rate ]]; then
    reason=$(ip netns exec "$host" tc qdisc add dev eth0 root tbf rate "$rate" burst 256kb latency 50ms 2>&1) ||
      skip "no limit of $rate: $reason"
  fi
done

if [[ ${PIN:-} ]]; then
  allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
  mapfile -t cores < <(for range in ${allowed//,/ }; do seq "${range%-*}" "${range#*-}"; done)
  for ((i = 0; i < count; i++)); do echo "${cores[i % ${#cores[@]}]}" >"$directory/${hosts[i]}.core"; done
fi

# Starts a command on a host, as ssh would.
agent=$directory/agent
cat >"$agent" <<'AGENT'
#!/usr/bin/env bash
host=$1
shift
[[ ! -e $(dirname "$0")/$host.down ]] || exit 255
core=$(cat "$(dirname "$0")/$host.core" 2>/dev/null) || core=''
exec ip netns exec "$host" unshare --uts ${core:+taskset -c "$core"} sh -c "hostname $host; $*"
AGENT
chmod +x "$agent"

printf "%s slots=$ranks\n" "${hosts[@]}" >"$directory/hostfile"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_plm_rsh_agent=$agent OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0 OMPI_MCA_pml=ob1
# MPICH's UCX sees through the namespaces, and would go by memory that the machine's processes share.
export UCX_TLS=self,tcp UCX_NET_DEVICES=eth0
command=("$@")
if [[ -z ${LAUNCHER:-} && ${DDP_TRAIN_MPI:-} == mpich ]]; then
  printf "%s:$ranks\n" "${hosts[@]}" >"$directory/machines"
  command=(mpiexec.mpich -launcher rsh -launcher-exec "$agent" -f "$directory/machines" -iface eth0 -bind-to none
    -np "$((count * ranks))" "$@")
elif [[ -z ${LAUNCHER:-} ]]; then
  command=(mpirun --hostfile "$directory/hostfile" --oversubscribe --bind-to none -np "$((count * ranks))" "$@")
fi
status=0
"$agent" "${hosts[0]}" exec "$(printf '%q ' "${command[@]}")" || status=$?
exit "$status"

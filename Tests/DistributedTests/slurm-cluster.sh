#!/usr/bin/env bash
# Runs a command beside a Slurm of two nodes on this machine, which is gone at its end: node1 and node2 have host names
# and a /dev/shm of their own, so that MPI sees two nodes. Needs root, and Debian's packages slurm-wlm and munge.
#   slurm-cluster.sh DIRECTORY COMMAND [ARGUMENT]...
# DIRECTORY, on a short path, is for files such as the daemons' logs. The command finds SLURM_CONF in its environment.
# Exit codes: that of the command; 77 if there can be no such cluster here.
set -euo pipefail

mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift

skip() {
  printf 'skip: %s\n' "$1"
  exit 77
}

((EUID == 0)) || skip 'daemons of Slurm need root'
for program in munged slurmctld slurmd srun sbatch unshare setpriv; do
  command -v "$program" >/dev/null || skip "no $program on the PATH (packages slurm-wlm, munge, util-linux)"
done
reason=$(unshare --uts --mount true 2>&1) || skip "unshare: $reason"

daemons=()
stop() {
  local i
  SLURM_CONF=$directory/slurm.conf scancel --user=root >/dev/null 2>&1 || true
  # In the opposite order; a daemon ends its children.
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    kill "${daemons[i]}" 2>/dev/null || true
    wait "${daemons[i]}" 2>/dev/null || true
  done
}
trap stop EXIT

# start NAME COMMAND...: in the background, until this script ends, however it ends
start() {
  setpriv --pdeathsig TERM "${@:2}" >>"$directory/$1.log" 2>&1 &
  daemons+=($!)
}

port=$((20000 + $$ % 8000 * 3))
mkdir -p "$directory"/{state,node1/tmp,node2/tmp}
cat >"$directory/slurm.conf" <<END
ClusterName=ddp
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$directory/munge.socket
CredType=cred/munge
SlurmUser=root
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/%n
TmpFS=$directory/%n/tmp
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdPidFile=$directory/%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=1,sched_interval=1
ReturnToService=2
KillWait=5
NodeName=node1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=4 CoresPerSocket=4
NodeName=node2 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=4 CoresPerSocket=4
PartitionName=all Nodes=ALL Default=YES State=UP
END
head -c 1024 /dev/urandom >"$directory/munge.key"
chmod 600 "$directory/munge.key"
chmod 711 "$directory"
# Between nodes on one machine.
export SLURM_CONF=$directory/slurm.conf OMPI_MCA_btl_tcp_if_include=lo

start munged munged --foreground --force --socket="$directory/munge.socket" --key-file="$directory/munge.key" \
  --pid-file="$directory/munged.pid" --seed-file="$directory/munge.seed" --log-file="$directory/munge.log"
start slurmctld slurmctld -D
for node in node1 node2; do
  # shellcheck disable=SC2016 # for the inner shell
  start "$node" unshare --uts --mount sh -c 'hostname "$0" && mount -t tmpfs none /dev/shm && exec slurmd -D -N "$0"' \
    "$node"
done
for _ in {1..100}; do
  [[ $(sinfo -h -o '%D %t' 2>/dev/null) == '2 idle' ]] && break
  sleep 0.1
done
[[ $(sinfo -h -o '%D %t') == '2 idle' ]] || {
  tail -n 5 "$directory"/{munged,slurmctld,node1,node2}.log
  skip 'the nodes do not come up'
}
[[ $(srun --mpi=list 2>&1) == *pmix* ]] || skip 'this srun has no PMIx'
"$@"

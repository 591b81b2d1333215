# shellcheck shell=bash
# What the scripts in launch/ share; each sources this file; it is not run itself.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-2}"
}

# Installs with apt those of the packages that the build needs and this machine lacks.
install_packages() {
  local package missing=() as_root=() mpi=(libopenmpi-dev openmpi-bin)
  if [[ ${DDP_TRAIN_MPI:-} == mpich ]]; then mpi=(libmpich-dev mpich); fi
  command -v dpkg-query >/dev/null || return 0 # another system: the build names what it cannot find
  for package in "${mpi[@]}" libopenblas-dev libhdf5-dev libpng-dev libjpeg62-turbo-dev libsndfile1-dev; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  # With it swift finds the libraries.
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  if ((${#missing[@]} == 0)); then return 0; fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "packages are missing and there is no sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  printf 'Installing %s\n' "${missing[*]}"
  "${as_root[@]}" apt-get update -q ||
    fail "the package lists cannot be updated; install by hand: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    fail "the packages cannot be installed; install by hand: ${missing[*]}"
}

need_swift() {
  command -v swift >/dev/null ||
    fail 'no swift on the PATH; expected Swift 6.3 or newer, from https://www.swift.org/install'
}

# Makes sure that $program names a current release build; DDP_TRAIN=/path/to/ddp-train names another and skips the
# build. shellcheck disable=SC2034 # the scripts that call it use the variable
find_program() {
  if [[ -n ${DDP_TRAIN:-} ]]; then
    [[ -x $DDP_TRAIN ]] || fail "DDP_TRAIN: '$DDP_TRAIN' is not a program"
    program=$DDP_TRAIN
    return
  fi
  need_swift
  swift build --package-path "$root" -c release --product ddp-train --quiet
  program=$root/.build/release/ddp-train
}

# The cores that this process may use: hardware threads of one core count once.
count_cores() {
  local allowed cores
  allowed=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc) # which would answer with these if it saw them
  cores=$(lscpu -p=Core,Socket 2>/dev/null | grep -v '^#' | sort -u | wc -l) || true
  if ((cores > 0 && cores < allowed)); then echo "$cores"; else echo "$allowed"; fi
}

# The number behind --threads in the arguments of ddp-train; 1 if there is none.
threads_in() {
  local threads=1
  while (($#)); do
    case $1 in
      --threads=*) threads=${1#*=} ;;
      --threads) threads=${2:-1} ;;
    esac
    shift
  done
  if [[ $threads =~ ^[1-9][0-9]*$ ]]; then echo "$threads"; else echo 1; fi
}

# What every mpirun needs, on one machine or on many: the first words of the command, in the array mpirun_command, and
# in `mpi` whether it is openmpi or mpich: as $program was built.
#   start_mpirun THREADS
start_mpirun() {
  local names=(mpirun mpirun.openmpi) other='mpich|hydra' name path
  mpirun_command=()
  case $(ldd "${program:-}" 2>/dev/null) in
    *libmpich* | *libmpi.so.12*) mpi=mpich ;;
    *libmpi*) mpi=openmpi ;;
    *) mpi=${DDP_TRAIN_MPI:-openmpi} ;; # a script, or none yet
  esac
  if [[ $mpi == mpich ]]; then names=(mpiexec mpiexec.mpich mpiexec.hydra) other='openmpi|orterun|prterun'; fi
  # The plain name may be the other's.
  for name in "${names[@]}"; do
    path=$(command -v "$name") && ! readlink -f "$path" | grep -Eq "$other" && mpirun_command=("$name") && break
  done
  ((${#mpirun_command[@]})) || fail "none of ${names[*]} is on the PATH, but the program is built for $mpi" 5
  allow_root
  # Ranks share the cores between them: a BLAS that takes them all for each rank would fight itself.
  export OPENBLAS_NUM_THREADS=$1 OMP_NUM_THREADS=$1
  # MPICH's UCX would take SIGHUP for a request to debug, also where `nohup` has had it ignored.
  export UCX_DEBUG_SIGNO=${UCX_DEBUG_SIGNO:-0}
}

# In front of a program on this machine: a SIGUSR1 waits until the program is ready for it.
hold_signals() {
  if env --block-signal=USR1 true 2>/dev/null; then echo env --block-signal=USR1; fi
}

# Open MPI asks root twice.
allow_root() {
  if ((EUID == 0)); then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
}

# Lets the ranks of mpirun_command take turns on the cores, bound to none.
share_cores() {
  if [[ $mpi == mpich ]]; then
    mpirun_command+=(-bind-to none)
  else
    mpirun_command+=(--oversubscribe --bind-to none)
  fi
}

# Adds ranks on this machine to mpirun_command: each on cores of its own if there are enough, otherwise sharing them.
#   place_on_this_machine RANKS THREADS
place_on_this_machine() {
  mpirun_command+=(-np "$1")
  if (($1 * $2 > $(count_cores))); then
    share_cores
  elif [[ $mpi == mpich ]]; then
    mpirun_command+=(-bind-to "core:$2")
  elif (($2 > 1)); then
    mpirun_command+=(--map-by "slot:PE=$2" --bind-to core)
  else
    mpirun_command+=(--bind-to core)
  fi
}

# Prints an mpirun command as a shell would take it, runs it, and ends with its exit code.
run() {
  local line
  printf -v line ' %q' "$@"
  printf '%s\n' "${line# }"
  run_job "$@"
  exit "$status"
}

# Runs a command that starts ranks; its exit code is then in `status`, and `ended` is 1 if a signal came meanwhile.
#
# mpirun answers SIGTERM, Ctrl-C and a closed terminal with 1, and kills its ranks after a second; only SIGUSR1 it hands
# on to them and waits. So it is kept from the former, and each becomes a SIGUSR1: in training a checkpoint and exit
# code 75. A second Ctrl-C ends the ranks at once.
run_job() {
  local guard=()
  interrupts=0 status=0
  # coreutils 8.31 and newer. Without it mpirun sees a Ctrl-C, which goes to all processes of the terminal.
  if env --block-signal=TERM true 2>/dev/null; then guard=(env --block-signal=INT,TERM,HUP); fi
  # Nor do the ranks outlive a script that is killed.
  if setpriv --pdeathsig USR1 true 2>/dev/null; then guard+=(setpriv --pdeathsig USR1); fi
  # Where mpirun could not end with it, the ranks leave the job's exit code here.
  local note
  note=$(mktemp)
  child='' asked=0 ended=0
  trap 'ended=1; stop_ranks' TERM HUP USR1 USR2
  trap 'ended=1; if ((interrupts++)); then kill -ALRM "$child" 2>/dev/null; else stop_ranks; fi' INT
  # Another script hands it on.
  trap 'kill -ALRM "$child" 2>/dev/null' ALRM
  DDP_TRAIN_STATUS=$note "${guard[@]}" "$@" &
  child=$! started=$SECONDS
  # Ends by itself: one that is killed as it begins may still have this script's traps.
  end_stuck_launcher "$child" "$note.stuck" >/dev/null 2>&1 3>&- &
  if ((asked)); then stop_ranks; fi
  # A signal ends the wait, not the child.
  while kill -0 "$child" 2>/dev/null; do wait "$child" 2>/dev/null || true; done
  wait "$child" || status=$?
  # Where a rank is killed, MPICH's launcher ends with the number of the signal alone.
  if [[ ${mpi:-} == mpich && $status == 9 ]]; then status=137; fi
  if [[ -s $note ]]; then read -r status <"$note"; fi
  if [[ -e $note.stuck ]]; then
    printf '%s: mpirun did not end, 30 s after the last of its processes; it was killed\n' "${0##*/}" >&2
  fi
  rm -f "$note" "$note.stuck"
  # A rank died of the signal, handed on before it could hold it (see hold_signals): it had not begun.
  if ((ended && status == 138)); then
    printf '%s: stopped by a signal before the program began: start it again in the same way\n' "${0##*/}" >&2
    status=75
  fi
  if ((interrupts > 1)); then exit 130; fi
}

# Kills an mpirun that has outlived its processes by half a minute, and leaves a file that says so: Open MPI 4.1 waits
# for ever where a rank was killed as it started, in PMIx_server_finalize. Others that start ranks need have no
# processes.
#   end_stuck_launcher PID FILE [SECONDS]
end_stuck_launcher() {
  local name process file line children alive had='' last=$SECONDS start=$SECONDS pause=0.1
  trap - EXIT
  while sleep "$pause" && kill -0 "$1"; do
    # Often at first: a rank may be killed as soon as it is there.
    if ((SECONDS - start >= 5)); then pause=2; fi
    read -r name <"/proc/$1/comm"
    [[ $name =~ ^(mpirun|orterun|mpiexec) ]] || continue
    children='' alive=''
    for file in "/proc/$1/task/"*/children; do
      line=''
      read -r line <"$file" || true
      children+=" $line"
    done
    for process in $children; do
      had=1
      if ! grep -q '^State:[[:space:]]*Z' "/proc/$process/status"; then alive=1; fi
    done
    if [[ $alive || ! $had ]]; then last=$SECONDS; fi
    if ((SECONDS - last >= ${3:-30})); then touch "$2" && kill -KILL "$1"; fi
  done
}

# Sends SIGUSR1 to mpirun once it catches it, the tenth bit, as before that it would die of it; and once more where the
# ranks may not have been there yet. A child that still has this script's command catches what the script does, for now.
stop_ranks() {
  local caught
  asked=1
  [[ $child ]] || return 0
  while caught=$(sed -n 's/^SigCgt:\t/0x/p' "/proc/$child/status" 2>/dev/null) &&
    { ((!(caught & 1 << 9))) || cmp -s "/proc/$child/cmdline" "/proc/$$/cmdline"; }; do
    sleep 0.05
  done
  kill -USR1 "$child" 2>/dev/null || true
  ((SECONDS - started < 2)) || return 0
  for _ in {1..30}; do
    sleep 0.05
    kill -0 "$child" 2>/dev/null || return 0
  done
  kill -USR1 "$child" 2>/dev/null || true
}

#!/usr/bin/env bash
# Trains under the Slurm that SLURM_CONF names, of nodes node1 and node2, by launch/slurm.sbatch, and shows that:
#   resume   a job goes on when a node is drained; told to stop, it waits for the node and resumes; loses a rank and is
#            started again; and ends with the figures of a run that nothing happened to
#   limit    a job that reaches its time limit gets its signal before, goes back to the queue and resumes
#   nodes    a node that two failures name is left out; a failed job whose node is drained goes back to the queue
#   cancel   a job that is cancelled writes a checkpoint and does not come back
#   array    a job array runs a study each
#   errors   a wrong option ends a job at once, with its exit code
# As one command, with a Slurm of its own:
#   Tests/DistributedTests/slurm-cluster.sh DIR Tests/DistributedTests/slurm-story.sh DIR PROGRAM [CASE]...
# DIR is for files; PROGRAM is ddp-train. Exit code 1, and a line, where something does not hold.
set -euo pipefail

directory=$(cd "$1" && pwd) program=$2
shift 2
cases=("$@")
((${#cases[@]})) || cases=(resume limit nodes cancel array errors)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DDP_TRAIN_RESTARTS="--wait 1 3"
export DDP_TRAIN=$program DDP_TRAIN_DATASETS=$PWD/datasets OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

log() { printf '%s %-7s %s\n' "$(date +%T)" "$case" "$1"; }

fail() {
  log "FAILED: $1"
  tail -n 20 "$directory/$case.out" 2>/dev/null || true
  exit 1
}

# submit [option of sbatch]... -- [argument of ddp-train]...: sets `job`
submit() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  job=$(sbatch --parsable --job-name="$case" --ntasks-per-node=2 --output="$directory/$case.out" "${options[@]}" \
    launch/slurm.sbatch "$@")
  log "submitted: job $job"
}

field() { scontrol show job "$job" --oneliner | grep -oE "(^| )$1=[^ ]*" | head -n 1 | cut -d= -f2; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "no $what: the job is $(field JobState), $(field Reason)"
    sleep 0.2
  done
}

is() { [[ $(field "$1") == "$2" ]]; }

epochs() { wc -l 2>/dev/null <"$run/metrics.jsonl" || echo 0; }

has_epochs() { (($(epochs) >= $1)); }

# Slurm lets a job that comes back wait for two minutes, in which nodes clean up.
shorten_delay() {
  sleep 3
  scontrol update jobid="$job" starttime=now
}

# A configuration without an end, or with one, of a rate that does not depend on it.
configure() {
  cat >"$directory/$case.json5" <<END
{ epochs: $1, batch_size: 512, shards: 4, schedule: { name: "constant" }, quiet: true, run: "$run",
  model: { layers: [{ dense: 64 }, "relu", "dense"] }, checkpoint: { every_epochs: 0 } }
END
}

figures_of() { sed 's/, "timing".*//' "$1/metrics.jsonl"; }

check_figures() {
  "$program" "$directory/$case.json5" --run "$directory/$case-reference"
  cmp <(figures_of "$run") <(figures_of "$directory/$case-reference") ||
    fail 'the figures are others than without all this'
  log "$(epochs) epochs, each with the figures of a run that nothing happened to"
}

show_resume() {
  configure 1000000
  submit -- "$directory/$case.json5" --run "$run"
  wait_for 30 'first epochs' has_epochs 3
  scontrol update nodename=node2 state=drain reason=maintenance
  wait_for 30 'epochs on a node that is drained' has_epochs $(($(epochs) + 3))
  log "node2 is drained, the job goes on: epoch $(epochs)"
  scancel --signal=USR1 "$job"
  wait_for 30 'way back to the queue' is JobState PENDING
  "$program" verify "$run/checkpoints/latest.h5"
  shorten_delay
  sleep 3
  is JobState PENDING || fail "the job does not wait for node2: $(field JobState)"
  log "told to stop after epoch $(epochs), it waits in the queue: $(field Reason)"
  scontrol update nodename=node2 state=resume
  wait_for 30 'start on a node that is back' is JobState RUNNING
  wait_for 30 'further epochs' has_epochs $(($(epochs) + 3))
  is Restarts 1 || fail "restarts: $(field Restarts)"
  log "node2 is back, it resumes: epoch $(epochs)"
  configure $(($(epochs) + 50))
  kill -KILL "$(pgrep -f "$program $directory/$case.json5" | tail -n 1)"
  wait_for 120 end is JobState COMPLETED
  (($(wc -l <"$run/restarts.jsonl") == 1)) || fail 'expected one line in restarts.jsonl'
  log "a rank was killed: $(sed 's/.*"reason": //' "$run/restarts.jsonl")"
  check_figures
}

show_limit() {
  configure 1000000
  submit --time=1 --signal=USR1@30 -- "$directory/$case.json5" --run "$run"
  wait_for 30 'first epochs' has_epochs 3
  wait_for 100 'signal before the time limit' is JobState PENDING
  "$program" verify "$run/checkpoints/latest.h5"
  log "its time limit near, it has written a checkpoint after epoch $(epochs) and is in the queue again"
  configure $(($(epochs) + 20))
  shorten_delay
  wait_for 60 end is JobState COMPLETED
  is Restarts 1 || fail "restarts: $(field Restarts)"
  check_figures
}

show_nodes() {
  cat >"$directory/$case.sh" <<'END'
#!/bin/sh
# Stands for a program whose ranks on node2 hang, or that fails because node2 is drained.
while [ "$1" != --run ]; do shift; done
touch "$2/run.json"
case $(hostname) in node2) echo "ddp-train: rank 3 on host node2 does not go on" >&2 && exit 5 ;; esac
sleep 2
END
  chmod +x "$directory/$case.sh"
  mkdir "$run"
  DDP_TRAIN=$directory/$case.sh submit -- --run "$run"
  wait_for 90 end is JobState COMPLETED
  tail -n 1 "$run/restarts.jsonl" | grep -q '"left_out": \["node2"\]' || fail 'node2 is not left out'
  log 'named by two failures, node2 is left out'
  DDP_TRAIN=$directory/$case.sh submit -- --run "$run"
  wait_for 30 start is JobState RUNNING
  scontrol update nodename=node2 state=drain reason=maintenance
  wait_for 30 'way back to the queue' is JobState PENDING
  log "a failed job whose node is drained waits in the queue: $(tail -n 1 "$run/log.txt")"
  scancel "$job"
  scontrol update nodename=node2 state=resume
}

show_cancel() {
  configure 1000000
  submit -- "$directory/$case.json5" --run "$run"
  wait_for 30 'first epochs' has_epochs 3
  scancel "$job"
  wait_for 30 end is JobState CANCELLED
  sleep 2
  is JobState CANCELLED || fail "the job came back: $(field JobState)"
  "$program" verify "$run/checkpoints/latest.h5"
  log 'cancelled, it has left a checkpoint and does not come back'
}

show_array() {
  local index
  for index in 1 2; do
    cat >"$directory/$case.$index.json5" <<END
{ base: { epochs: 2, data: { validation: 0.2 } }, space: { "optimizer.learning_rate": [0.001, 0.01] },
  trials: 2, seed: $index }
END
  done
  submit --nodes=1 --array=1-2 --output="$directory/$case.%a.out" -- \
    tune "$directory/$case.%a.json5" --run "$run.%a" --quiet
  wait_for 60 end test -e "$run.1/best.json5" -a -e "$run.2/best.json5"
  log "$(cat "$run".[12]/study.jsonl | wc -l) trials of two studies"
}

show_errors() {
  submit -- --epohcs 3 --run "$run"
  wait_for 30 end is JobState FAILED
  is ExitCode 2:0 || fail "exit code $(field ExitCode)"
  grep -q "unknown option '--epohcs'" "$directory/$case.out" || fail 'no message'
  log 'a wrong option: FAILED, exit code 2, not started again'
}

for case in "${cases[@]}"; do
  if ! declare -F "show_$case" >/dev/null; then
    echo "no case '$case'; expected some of resume limit nodes cancel array errors" >&2
    exit 2
  fi
  run=$directory/$case
  rm -rf "$run"* "$directory/$case-reference"
  "show_$case"
done

#!/bin/bash
# Starts a SLURM of one node for a test: munged, slurmctld and slurmd, all in FOLDER. Prints "ready", then waits for the
# end of its input and stops what it started. Exits 77 with a reason where SLURM cannot be had. Debian's packages are
# installed where RESPIKE_INSTALL_SLURM is set, as in .ci/run.
set -uo pipefail
folder=$1
skip() { echo "skip: $1"; exit 77; }
[ "$(id -u)" = 0 ] || skip "starting SLURM's daemons takes root"
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  [ -n "${RESPIKE_INSTALL_SLURM:-}" ] || skip "no slurmctld or munged: install slurm-wlm and munge, or set RESPIKE_INSTALL_SLURM=1"
  command -v apt-get >/dev/null || skip "no slurmctld or munged, and no apt-get"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; } \
    >"$folder/apt.log" 2>&1 || skip "slurm-wlm and munge cannot be installed (apt-get)"
fi

mkdir -p "$folder"/{munge,state,spool}
chmod 755 "$folder"; chmod 700 "$folder/munge"
dd if=/dev/urandom bs=1 count=1024 of="$folder/munge/key" status=none; chmod 600 "$folder/munge/key"
socket=$folder/munge/socket
munged --foreground --force --key-file="$folder/munge/key" --socket="$socket" --pid-file="$folder/munge/pid" \
  --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" >"$folder/munged.out" 2>&1 &
munge=$!

host=$(hostname -s)
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$((20000 + RANDOM % 10000))
SlurmdPort=$((30000 + RANDOM % 10000))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=1
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
slurmctld -D -c -i >"$folder/slurmctld.out" 2>&1 &
ctld=$!
slurmd -D >"$folder/slurmd.out" 2>&1 &
slurmd=$!
stop() { kill $slurmd $ctld $munge 2>/dev/null; wait; }
trap stop EXIT

for _ in $(seq 60); do
  if [ "$(sinfo -h -o %t 2>/dev/null)" = idle ]; then
    echo ready
    cat >/dev/null
    exit 0
  fi
  sleep 0.5
done
tail -n 5 "$folder"/*.log "$folder"/*.out >&2
skip "SLURM does not come up here"

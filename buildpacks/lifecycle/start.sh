#!/bin/bash
# Starts one process of an app: start '<command>'. Every instance begins here, with a line of the Procfile as its only argument.
cd /app || exit
for script in .profile.d/*.sh .profile; do
  if [ -r "$script" ]; then . "./$script"; fi
done
unset script

# bash replaces itself with a simple command, so signals reach the program. On a terminal it has to be the foreground process.
if [ "$$" -ne 1 ] || [ -t 0 ]; then exec /bin/bash -c "$1"; fi

# The kernel drops signals that PID 1 has no handler for, and most programs have none for SIGTERM (pid_namespaces(7)).
# So this shell stays PID 1 and sends SIGTERM to all processes of the instance.
signalled=
trap 'signalled=1; kill -TERM -1' TERM
/bin/bash -c "$1" <&0 &
child=$!
wait "$child"
status=$?
# A trapped signal ends `wait` early: the program may still be finishing its work.
while [ -n "$signalled" ]; do
  signalled=
  wait "$child"
  status=$?
done
exit "$status"

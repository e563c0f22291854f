#!/usr/bin/env bash
# What the runtime 0.10.4 makes of the modules beside this file, as runtime-0.10.4.tsv has it:
#
#   cargo install astrid --version 0.10.4 --locked --root ROOT
#   ./record-0.10.4.sh ROOT/bin >runtime-0.10.4.tsv
#
# That release has no way to ask one thing and get an answer: its daemon takes no client before
# a capsule offers a socket. But it loads what is installed when it starts, writes of each
# capsule what became of it, and ends. So all modules are installed in one home, and its log is
# read. One with a run loop is told of as one that is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
home=$(mktemp -d)
# The daemon leaves an overlay of the workspace mounted for each capsule.
clean() {
	awk -v home="$home/" 'index($2, home) == 1 { print $2 }' /proc/mounts | xargs -r umount -l
	rm -rf "$home"
}
trap clean EXIT
export ASTRID_HOME=$home/home
mkdir -p "$home/workspace" "$ASTRID_HOME"
cd "$home/workspace"
mapfile -t modules < <(cut -f 1 "$here/runtime-2026.10.1.tsv")
for i in "${!modules[@]}"; do
	mkdir "$home/$i"
	cp "$here/${modules[$i]}" "$home/$i/m.wasm"
	printf '[package]\nname = "m%s"\nversion = "1.0.0"\n\n[[component]]\nid = "m"\nfile = "m.wasm"\n' "$i" >"$home/$i/Capsule.toml"
	"$bin/astrid" capsule install "$home/$i" -y >/dev/null 2>"$home/$i/install" || sed "s/^/m$i: /" "$home/$i/install" >&2
done
timeout 300 "$bin/astrid-daemon" --workspace "$home/workspace" >/dev/null 2>&1 || true
cat "$ASTRID_HOME"/log/astrid.*.log >"$home/log"
for i in "${!modules[@]}"; do
	if refused=$(grep -o "Failed to load capsule.* capsule=m$i error=.*" "$home/log"); then
		printf '%s\t1\t%s\n' "${modules[$i]}" "$(sed 's/.* error=//; s/[[:space:]]*$//' <<<"$refused")"
	elif grep -q "Registered .*capsule_id=m$i " "$home/log"; then
		printf '%s\t0\t\n' "${modules[$i]}"
	else
		echo "nothing is told of ${modules[$i]}" >&2
	fi
done

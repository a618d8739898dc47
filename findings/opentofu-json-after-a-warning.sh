#!/usr/bin/env bash
# OpenTofu puts a warning before the JSON on standard output and exits 0.
#
# Version: OpenTofu 1.12.6 (github.com/opentofu/opentofu, built with the fork of hcl that its go.mod names; where nothing
# of it is in Go's build cache yet, the build takes some minutes).
# Guess before: with -json, standard output is JSON or the command fails; warnings go to standard error or into the JSON.
# Seen: where TF_CLI_CONFIG_FILE names a file that is not there, the heading of the warning goes to standard error and its
# text to standard output, before the JSON of version -json, validate -json and output -json, and before what state pull
# prints, which people redirect into a backup of the state. All exit 0.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir build root
cat >build/go.mod <<'MOD'
module finding

go 1.26

replace github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 v2.20.2-0.20251021132045-587d123c2828

tool github.com/opentofu/opentofu/cmd/tofu

require github.com/opentofu/opentofu v1.12.6
MOD
(cd build && go mod tidy && CGO_ENABLED=0 go build -o ../tofu github.com/opentofu/opentofu/cmd/tofu) >/dev/null 2>&1 || exit 2

unset "${!TF_@}"
export CHECKPOINT_DISABLE=1
cd root
echo 'output "answer" { value = 42 }' >main.tf
: >../empty.tfrc
TF_CLI_CONFIG_FILE=$dir/empty.tfrc ../tofu apply -auto-approve >/dev/null || exit 2

seen=$(for file in empty missing; do
	for command in 'version -json' 'validate -json' 'output -json' 'state pull'; do
		status=0
		# shellcheck disable=SC2086 # a command is several words
		TF_CLI_CONFIG_FILE=$dir/$file.tfrc ../tofu $command >out.txt 2>err.txt || status=$?
		echo "$file, $command: exit $status, stdout begins with $(grep -m 1 . out.txt | cut -c 1-8), stderr has $(grep -c . err.txt || true) lines"
	done
done)
echo "$seen"
wanted='empty, version -json: exit 0, stdout begins with {, stderr has 0 lines
empty, validate -json: exit 0, stdout begins with {, stderr has 0 lines
empty, output -json: exit 0, stdout begins with {, stderr has 0 lines
empty, state pull: exit 0, stdout begins with {"versio, stderr has 0 lines
missing, version -json: exit 0, stdout begins with Warning:, stderr has 1 lines
missing, validate -json: exit 0, stdout begins with Warning:, stderr has 1 lines
missing, output -json: exit 0, stdout begins with Warning:, stderr has 1 lines
missing, state pull: exit 0, stdout begins with Warning:, stderr has 1 lines'
[ "$seen" = "$wanted" ]

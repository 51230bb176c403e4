#!/bin/sh
# s3.sh URL FILE     run by the command of a while-leader, or by something that it started
#
# Puts FILE at URL, but not over something that was put with a newer token. S3 compares no tokens; it can put on the condition
# that an object is still the one we have looked at (If-Match with its ETag). So the token travels in the object's metadata: look,
# refuse if the token there is newer than ours, else put ours on that condition. Whoever puts something in between changes the
# ETag, S3 answers 412 (409 while it is at it), and we look again. (Google's storage: x-goog-if-generation-match.)
#
# Status 0: written. 1: refused, nothing was written. 2: not known, no clear answer; ask again with the same words.
# Credentials belong into a file of curl's, named in S3_CURL_CONFIG: aws-sigv4 = "aws:amz:eu-central-1:s3", user = "KEY:SECRET".
set -u
: "${WHILE_LEADER_REVISION:?not in an election}"
[ "$#" -eq 2 ] || { echo "usage: s3.sh URL FILE" >&2; exit 64; }

# Prints the status first, then the headers.
ask() {
  curl --config "${S3_CURL_CONFIG:-/dev/null}" --silent --show-error --max-time 10 --dump-header - --output /dev/null "$@" "$url"
}
header() { printf '%s\n' "$answer" | tr -d '\r' | sed -n "s/^$1: *//Ip" | tail -n 1; }
status() { printf '%s\n' "$answer" | sed -n 's|^HTTP/[0-9.]* \([0-9]*\).*|\1|p' | tail -n 1; }

url=$1
# Each turn is one that somebody else has won.
for _ in 1 2 3 4 5; do
  answer=$(ask --head) || exit 2
  case $(status) in
    200) etag=$(header etag) token=$(header x-amz-meta-token) condition="If-Match: $etag" ;;
    404) token=0 condition="If-None-Match: *" ;;
    *) exit 2 ;;
  esac
  # What has no token was put by somebody who knows nothing of elections; it counts as older than all.
  if [ "${token:-0}" -gt "$WHILE_LEADER_REVISION" ]; then
    echo "s3.sh: refused: $token has written here, which is newer than $WHILE_LEADER_REVISION" >&2
    exit 1
  fi
  answer=$(ask --upload-file "$2" --header "$condition" --header "x-amz-meta-token: $WHILE_LEADER_REVISION") || exit 2
  case $(status) in
    2*) exit 0 ;;
    409 | 412) ;;
    *) exit 2 ;;
  esac
done
exit 2

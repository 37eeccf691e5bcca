#!/bin/sh
# Made by `git datasets init`. A hook that was here before runs first.
hook=@HOOK@
command=@COMMAND@
before=@BEFORE@

# The hook before may run this one again (pre-commit keeps it as its "legacy" hook).
case " $GIT_DATASETS_HOOKS " in *" $hook "*) exit 0 ;; esac
input=
[ "$hook" = pre-push ] && input=$(cat)
if [ -x "$before" ]; then
    if [ "$hook" = pre-push ]; then
        printf '%s\n' "$input" | GIT_DATASETS_HOOKS="$GIT_DATASETS_HOOKS $hook" "$before" "$@" || exit $?
    else
        GIT_DATASETS_HOOKS="$GIT_DATASETS_HOOKS $hook" "$before" "$@" || exit $?
    fi
fi

state=$(git rev-parse --git-dir)/datasets
shared=$(git rev-parse --git-common-dir)/datasets
newline='
'

run() {
    [ -x "$command" ] || command=$(command -v git-datasets)
    if [ -z "$command" ]; then
        echo "git-datasets is not installed any more: data and lock stay as they are. pip install dataferry" >&2
        return 0
    fi
    "$command" "$@"
}

# The index files, one a line.
tracked() {
    {
        git config --get-all datasets.tracked
        git -c core.quotePath=false ls-files -- '*.py.lock' | sed 's/\.lock$//'
    } | sort -u
}

# Whether the folders are those of the locks in the working tree.
is_applied() {
    [ -e "$state/journal.json" ] && return 1
    [ -e "$state/committing.json" ] && return 1
    {
        git -c core.quotePath=false ls-files -- '*.py.lock'
        [ -d "$state/applied" ] && (cd "$state/applied" && find . -name '*.py.lock')
    } | while IFS= read -r lock; do
        [ -e "$lock" ] || [ -e "$state/applied/$lock" ] || continue
        first=
        [ -e "$lock" ] && IFS= read -r first <"$lock"
        if [ -n "$first" ] && [ "$first" != "{" ] && [ ! -e "$state/applied/$lock" ]; then continue; fi
        cmp -s "$lock" "$state/applied/$lock" || exit 1
        case $lock in */*) folder=${lock%/*} ;; *) folder=. ;; esac
        [ -e "$folder/dataset.sqlite" ] || exit 1
    done
}

# Whether the index files, the modules that they import and the locks in git's index are known to belong
# together.
is_settled() {
    paths=$(tracked | sed 'p;s/$/.lock/')
    [ -z "$paths" ] && return 0
    [ -e "$shared/modules" ] && paths=$paths$newline$(cat "$shared/modules")
    old_ifs=$IFS
    IFS=$newline
    set -f
    # shellcheck disable=SC2086
    key=$(git --literal-pathspecs ls-files -s -- $paths | git hash-object --stdin)
    set +f
    IFS=$old_ifs
    [ -e "$shared/settled" ] && grep -qx "$key" "$shared/settled"
}

case $hook in
pre-commit | pre-merge-commit)
    is_settled || run "_$hook" "$PPID"
    ;;
post-commit | post-merge)
    # Of a partial commit (git commit FILE), it names an index that is gone.
    unset GIT_INDEX_FILE
    { is_applied && is_settled; } || run "_$hook"
    exit 0
    ;;
post-index-change)
    # 1: files of the working tree have changed.
    [ "$1" = 1 ] || exit 0
    is_applied || run _follow
    exit 0
    ;;
post-checkout | post-rewrite)
    is_applied || run _follow
    exit 0
    ;;
pre-push)
    [ -z "$(tracked)" ] && exit 0
    printf '%s\n' "$input" | run _pre-push "$@"
    ;;
esac

# needs: git
export HOME=$PWD GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
git config --global user.name tester && git config --global user.email tester@example.invalid
git config --global init.defaultBranch main && git config --global gc.auto 0
git init -q repository && cd repository || exit 1
for i in $(seq 200); do seq "$i" $((i * 5)) >"file$i"; done
git add . && git commit -q -m first
git checkout -q -b side
for i in $(seq 1 3 200); do echo "side $i" >>"file$i"; done
git commit -q -a -m side
git checkout -q main
for i in $(seq 2 3 200); do sed -i "1s/^/main /" "file$i"; done
git commit -q -a -m main
git merge -q -m merge side && git log --format='%H %s' && git diff --stat HEAD~1 | tail -n 1
git gc -q --aggressive && git fsck --full --strict && git clone -q . ../clone && git -C ../clone rev-parse HEAD
git grep -c 'side' HEAD -- 'file1*' | wc -l && git blame file1 | wc -l && git archive HEAD | git get-tar-commit-id

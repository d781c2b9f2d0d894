# needs: perl
perl "$CASES/words.pl"

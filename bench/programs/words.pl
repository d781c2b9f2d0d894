# Hashes of lists, regular expressions, sorting and closures over text. The argument is the number of turns.
use strict;
use warnings;

for my $turn (1 .. $ARGV[0]) {
    my (%places, @lines);
    for my $i (1 .. 25000) {
        my $word = join '', map { chr(97 + ($i * $_ * (30 + $turn)) % 26) } 1 .. 3 + $i % 9;
        push @{ $places{$word} }, { line => $i, text => "$word at $i" };
        push @lines, "$word:$i";
    }
    my @most = sort { @{ $places{$b} } <=> @{ $places{$a} } || $a cmp $b } keys %places;
    my $text = join "\n", @lines;
    my $changed = ($text =~ s/([aeiou])([^aeiou\n]+)/\U$2\E$1/g);
    my @found = $text =~ /^([A-Z]+\w{2,}):(\d*7)$/mg;
    my @makers = map { my $n = $_; sub { [map { { number => $_ * $n } } 1 .. shift] } } 1 .. 40;
    my $sum = 0;
    $sum += $_->{number} for map { @{ $_->(150) } } @makers;
    print "$turn $most[0] ", scalar(@most), " ", length($text), " $changed ", scalar(@found), " $sum\n";
}

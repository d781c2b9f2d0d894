# Hashes, arrays, closures, regular expressions, long strings, sorting, cycles and a fork.
use strict;
use warnings;

my (%count, @lines);
for my $i (1 .. 60000) {
    my $word = join '', map { chr(97 + ($i * $_ * 31) % 26) } 1 .. 3 + $i % 9;
    $count{$word}++;
    push @lines, "$word:$i" if $i % 3 == 0;
}
my @most = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print scalar(@most), " @most[0 .. 9]\n";

my $text = join "\n", @lines;
my $changed = ($text =~ s/([aeiou])([^aeiou\n]+)/\U$2\E$1/g);
my @found = $text =~ /^([A-Z]+\w{2,}):(\d*7)$/mg;
print length($text), " $changed ", scalar(@found), "\n";

my @makers = map { my $n = $_; sub { [map { { number => $_ * $n } } 1 .. shift] } } 1 .. 50;
my $sum = 0;
$sum += $_->{number} for map { @{ $_->(200) } } @makers;
print "$sum\n";

for (1 .. 1000) {
    my $node = { name => "node $_", data => 'x' x $_ };
    $node->{self} = $node;
    delete $node->{self} if $_ % 2;
}
my $child = fork;
if (!$child) {
    my @copy = map { $_ x 2 } @lines;
    exit(@copy == @lines ? 7 : 1);
}
waitpid $child, 0;
print $? >> 8, "\n";

#!/usr/bin/perl
# workload.pl FILE
#
# What one at a time may run, whoever starts it. Appends a line to FILE at once and then every 20 ms until it is killed,
# each in a single write, and prints "running" after the first:
#     <monotonic ms of this host> <token> <pid> beat
# The token is ETCD_LOCK_REV, which `etcdctl lock` and while-leader both give. In Perl, because that starts in a few
# milliseconds, which count as a part of each hand-over.
use strict;
use warnings;
require(($0 =~ m{^(.*/)})[0] . "clock.pl");

my $file = shift // die "workload.pl: no FILE\n";
my $token = $ENV{ETCD_LOCK_REV} // die "workload.pl: nobody leads here\n";
alarm 120; # should whoever started all this not live to end it
open(my $beats, ">>", $file) or die "$file: $!\n";

sub beat {
  my $line = sprintf("%.3f %s %d beat\n", monotonic(), $token, $$);
  syswrite($beats, $line) or die "$file: $!\n";
}

beat();
syswrite(STDOUT, "running\n");
while (1) {
  select(undef, undef, undef, 0.02);
  beat();
}

#!/usr/bin/perl
# workload.pl FILE
#
# What one at a time may run, whoever starts it. Appends a line to FILE at once and then every 20 ms until it is killed,
# each in a single write, and prints "running" after the first:
#     <monotonic ms of this host> <token> <pid> beat
# The token is ETCD_LOCK_REV, which `etcdctl lock` and while-leader both give. In Perl, because that starts in a few
# milliseconds, which count as a part of each hand-over, and because every Debian has it: but not Time::HiRes.
use strict;
use warnings;
use POSIX ();

my $CLOCK_MONOTONIC = 1;
my $machine = (POSIX::uname())[4];
my $clock_gettime = { x86_64 => 228, aarch64 => 113 }->{$machine} // die "workload.pl: no clock known on $machine\n";

my $file = shift // die "workload.pl: no FILE\n";
my $token = $ENV{ETCD_LOCK_REV} // die "workload.pl: nobody leads here\n";
alarm 120; # should whoever started all this not live to end it
open(my $beats, ">>", $file) or die "$file: $!\n";

sub beat {
  my $time = pack("q2", 0, 0);
  syscall($clock_gettime, $CLOCK_MONOTONIC, $time) == 0 or die "clock_gettime: $!\n";
  my ($seconds, $nanoseconds) = unpack("q2", $time);
  my $line = sprintf("%.3f %s %d beat\n", $seconds * 1e3 + $nanoseconds / 1e6, $token, $$);
  syswrite($beats, $line) or die "$file: $!\n";
}

beat();
syswrite(STDOUT, "running\n");
while (1) {
  select(undef, undef, undef, 0.02);
  beat();
}

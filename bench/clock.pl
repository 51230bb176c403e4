# The host's monotonic clock in milliseconds, as process.hrtime of Node has it. By its number in the kernel, because every
# Debian has Perl, but not Time::HiRes.
use strict;
use warnings;
use POSIX ();

my $CLOCK_MONOTONIC = 1;
my $machine = (POSIX::uname())[4];
my $clock_gettime = { x86_64 => 228, aarch64 => 113 }->{$machine} // die "clock.pl: no clock known on $machine\n";

sub monotonic {
  my $time = pack("q2", 0, 0);
  syscall($clock_gettime, $CLOCK_MONOTONIC, $time) == 0 or die "clock_gettime: $!\n";
  my ($seconds, $nanoseconds) = unpack("q2", $time);
  return $seconds * 1e3 + $nanoseconds / 1e6;
}

1;

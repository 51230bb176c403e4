#!/usr/bin/perl
# signalled.pl
#
# Prints "running", and for each SIGUSR1, of which it counts the first as 1, when its handler ran:
#     got <number> <monotonic ms of this host>
# In Perl, which has one thread and runs a handler within microseconds.
use strict;
use warnings;
require(($0 =~ m{^(.*/)})[0] . "clock.pl");

alarm 120; # should whoever started all this not live to end it
my $count = 0;
$SIG{USR1} = sub {
  my $now = monotonic();
  syswrite(STDOUT, sprintf("got %d %.4f\n", ++$count, $now));
};
syswrite(STDOUT, "running\n");
select(undef, undef, undef, 60) while 1;

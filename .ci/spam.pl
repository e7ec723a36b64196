#!/usr/bin/perl
# Asks SpamAssassin about each message, without the network, and fails when one
# scores above 0. One process for all of them: its rules take a second to load.
use strict;
use warnings;
use Mail::SpamAssassin;

my $judge = Mail::SpamAssassin->new({ local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null' });
$judge->compile_now(0);
my ($worst, $bad) = (-99, 0);
for my $file (@ARGV) {
    open(my $in, '<', $file) or die "$file: $!\n";
    my $mail   = $judge->parse([<$in>]);
    my $status = $judge->check($mail);
    my $score  = $status->get_score();
    $worst = $score if $score > $worst;
    if ($score > 0) {
        $bad++;
        printf STDERR "%s: %.1f: %s\n", $file, $score, $status->get_names_of_tests_hit();
    }
    $status->finish();
    $mail->finish();
}
printf "%d messages, the highest score is %.1f\n", scalar(@ARGV), $worst;
exit($bad ? 1 : 0);

# SPDX-License-Identifier: MIT
# summary.awk - adds up what the tests of a ctest JUnit file say: a program's own closing line counts
# its cases; one without such a line counts as one. The last line is `N passed, N failed, N skipped`.

# XML's own characters, as the programs wrote them.
{
    gsub(/&lt;/, "<")
    gsub(/&gt;/, ">")
    gsub(/&quot;/, "\"")
    gsub(/&amp;/, "\\&")
}
/<testcase / {
    name = $0
    sub(/.*<testcase name="/, "", name)
    sub(/".*/, "", name)
    closing = ""
    failed_here = 0
    skipped_here = 0
    reason = ""
    failures_here = ""
    said_count = 0
    line_count = 0
}
!/^[ \t]*<\/?(testcase|system-out|failure|properties|testsuite)/ { lines[line_count++ % 12] = $0 }
/<failure/ { failed_here = 1 }
# Only a test itself may say that it is skipped; one that could not be run has failed.
/<skipped/ { if (/SKIP_RETURN_CODE/) { skipped_here = 1 } else { failed_here = 1 } }
# A failed case, with what it printed just before: the reason has to be at hand where only the end of
# a log is kept.
/^(.*<system-out>)?#/ { said[said_count++ % 8] = $0 }
/^(.*<system-out>)?ok / { said_count = 0 }
/^(.*<system-out>)?not ok / {
    sub(/.*not ok/, "not ok")
    failures_here = failures_here "\n  " name ": " $0
    for (i = said_count > 8 ? said_count - 8 : 0; i < said_count; i++) {
        sub(/.*<system-out>/, "", said[i % 8])
        failures_here = failures_here "\n      " said[i % 8]
    }
    said_count = 0
}
/ # SKIP / { sub(/.*ok [0-9]+ /, ""); reasons = reasons "\n  " name ": " $0 }
/skipped: / { reason = $0; sub(/.*skipped: /, "", reason) }
/[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped/ {
    closing = $0
    sub(/<\/?system-out>.*/, "", closing)
    sub(/.*<system-out>/, "", closing)
}
/<\/testcase>/ {
    # What a test prints while it passes may hold such lines of programs that it runs.
    if (failed_here) { failures = failures failures_here }
    count = split(closing, words, /[ ,]+/)
    if (failed_here && (closing == "" || words[3] == 0)) {
        failed++
        failures = failures "\n  " name ": ended early, timed out or was killed; at last it said"
        for (i = line_count > 12 ? line_count - 12 : 0; i < line_count; i++) {
            failures = failures "\n      " lines[i % 12]
        }
    } else if (skipped_here) {
        skipped++
        reasons = reasons "\n  " name ": " reason
    } else if (closing == "") {
        passed++
    }
    if (closing != "") {
        passed += words[1]
        failed += words[3]
        skipped += words[5]
    }
}
END {
    if (reasons != "") { print "Skipped:" reasons }
    if (failures != "") { print "Failed:" failures }
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed != 0 || passed == 0
}

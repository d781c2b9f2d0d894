# needs: tclsh
echo 'for {set i 0} {$i < 50000} {incr i} {
    dict lappend d [expr {$i % 997}] "value $i"
    lappend l [string repeat x [expr {$i % 50}]]
}
puts "[dict size $d] [llength [dict get $d 5]] [string length [join $l -]] [llength [lsort -unique $l]]"' | tclsh

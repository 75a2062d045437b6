# Makes the table of docs/kernels.md from the lines KERNEL, check, result, remark of tools/test-kernels.
{
  if (!($1 in kernels)) { kernels[$1]; kernel[++columns] = $1 }
  if (!($2 in checks)) { checks[$2]; check[++rows] = $2 }
  result[$2, $1] = $3 == "FAILED" ? "**failed**" : $3
  if ($3 == "skipped" && $4 != "") note[$2] = $4
}
END {
  line = "| check |"
  rule = "|---|"
  for (c = 1; c <= columns; c++) { line = line " " kernel[c] " |"; rule = rule "---|" }
  print line "\n" rule
  for (r = 1; r <= rows; r++) {
    line = "| " check[r] " |"
    for (c = 1; c <= columns; c++) line = line " " ((check[r], kernel[c]) in result ? result[check[r], kernel[c]] : "") " |"
    print line
  }
}

# Judges lines "FILE:LINE:#include ..." by the table of tests/style/layers. With graph set, prints
# the arrows between folders instead, and each that the table forbids.

function bad(text) { if (!graph) printf "%s: includes %s: %s\n", where, inc, text }

# The part of ROOT that a path belongs to: its folder, or main or app. Sets `root`.
function part_of(path,   n, piece, name) {
  n = split(path, piece, "/")
  root = piece[1] == "services" ? piece[1] "/" piece[2] : piece[1]
  name = root ~ /^services/ ? piece[3] : piece[2]
  sub(/\.(cc|h)$/, "", name)
  return name
}

# True if one of the words of `list` names the folder, with or without its root, or the root.
function among(list, folder_root, folder,   n, word, i) {
  n = split(list, word, " ")
  for (i = 1; i <= n; ++i)
    if (word[i] == folder_root "/" folder || word[i] == folder_root || folder_root != "common" && word[i] == folder)
      return 1
  return 0
}

# True if `name` is one of the headers, or stands in one of the folders, of `list`.
function header_among(list, name,   n, word, i) {
  n = split(list, word, " ")
  for (i = 1; i <= n; ++i)
    if (word[i] == name || word[i] ~ /\/$/ && index(name, word[i]) == 1) return 1
  return 0
}

function library_of(name) {
  if (name ~ /^grpc/ || name ~ /\.grpc\.pb\.h$/ || name ~ /^common\/(rpc|server)\//) return "grpc"
  if (name ~ /^google\// || name ~ /\.pb\.h$/) return "protobuf"
  if (name ~ /^(soci|sqlite3|libpq|postgresql)/) return "soci"
  if (name ~ /^hiredis/) return "hiredis"
  return ""
}

BEGIN {
  while ((getline line < table) > 0) {
    if (line ~ /^(#|$)/) continue
    n = split(line, column, / *\| */)
    split(column[1], head, / +/)
    if (head[1] == "layers") {
      for (i = 2; i <= n; ++i) {
        m = split(column[i], folder, " ")
        for (j = 1; j <= m; ++j) level[head[2], folder[j]] = i
      }
    } else if (head[1] == "library") {
      users[head[2]] = column[2]
    } else {
      rule = head[1] == "pure" ? "pure folders do no I/O and do not wait" : "this folder does not know it"
      sub(/^[a-z]+ /, "", column[1])
      ++rules; rule_folders[rules] = column[1]; rule_headers[rules] = column[2]; rule_text[rules] = rule
    }
  }
}

{
  split($0, field, ":")
  where = field[1] ":" field[2]
  inc = $0; sub(/^[^<"]*[<"]/, "", inc); sub(/[>"].*$/, "", inc)
  from = part_of(field[1]); from_root = root
  if (inc ~ /^tests\//) bad("tests are above everything")

  if (field[1] !~ /heavy_headers/) {
    library = library_of(inc)
    if (library != "" && !among(users[library], from_root, from))
      bad(library " belongs into " users[library])
  }
  for (r = 1; r <= rules; ++r)
    if (among(rule_folders[r], from_root, from) && header_among(rule_headers[r], inc)) bad(rule_text[r])

  if (inc !~ /^(common|services)\// || field[1] ~ /^common\/heavy_headers/) next
  to = part_of(inc); to_root = root
  if (to_root != from_root) {
    if (to_root ~ /^services/) bad(from_root == "common" ? "common knows no service" : "a service reaches another by RPC only")
    next
  }
  if (!((from_root, from) in level)) { bad("the table has no folder " from_root "/" from); next }
  if (from == to) next
  down = level[from_root, from] < level[to_root, to]
  if (!down) bad("includes go to the right in the table only")
  arrow = from_root ": " from " -> " to (down ? "" : "   AGAINST THE TABLE")
  if (!(arrow in arrows)) { arrows[arrow] = 1; order[++count] = arrow; key[count] = from_root sprintf("%02d%02d", level[from_root, from], level[to_root, to]) }
}

END {
  if (!graph) exit
  for (i = 1; i <= count; ++i) for (j = i + 1; j <= count; ++j)
    if (key[j] < key[i]) { t = key[i]; key[i] = key[j]; key[j] = t; t = order[i]; order[i] = order[j]; order[j] = t }
  for (i = 1; i <= count; ++i) print order[i]
}

# embed.awk - SQL files become build/gen/sql.h
#
#   *.sql           statements: "-- read NAME" or "-- write NAME", then the SQL.
#                   Readers prepare the first kind, the writer both.
#                   "-- text NAME" is a part of statements, never prepared itself.
#   NNN_*.sql       migrations: statements that end with ";" at a line's end
#
# One literal per statement: C promises no more than 4,095 characters of one.
#
# The header always gives enum sql; with SQL_TEXTS defined the texts as well.

function quoted(line)
{
	sub(/[ \t]*--.*/, "", line)
	sub(/^[ \t]+/, "", line)
	sub(/[ \t]+$/, "", line)
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	return line == "" ? "" : "\n\t\t\"" line " \""
}

FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	migration = name ~ /^[0-9][0-9][0-9]_/ ? name + 0 : 0
	open = 0
}

migration {
	line = quoted($0)
	text = text line
	if (line ~ /; "$/) {
		steps = steps "\t{" migration "," text "},\n"
		text = ""
	}
	next
}

/^-- (read|write|text) [a-z0-9_]+$/ {
	count++
	kind[count] = $2
	constant[count] = "SQL_" toupper($3)
	open = 1
	next
}

open { body[count] = body[count] quoted($0) }

END {
	print "/* made from server/store/sql by embed.awk */"
	print "#ifndef MEKIKI_GEN_SQL_H\n#define MEKIKI_GEN_SQL_H\n\nenum sql {"
	for (i = 1; i <= count; i++)
		print "\t" constant[i] ","
	print "\tSQL_COUNT\n};\n\n#ifdef SQL_TEXTS"
	print "static const struct {\n\tenum { SQL_READ, SQL_WRITE, SQL_TEXT } kind;\n\tconst char *name, *text;\n} sql_statements[SQL_COUNT] = {"
	for (i = 1; i <= count; i++)
		print "\t[" constant[i] "] = {" "SQL_" toupper(kind[i]) ", \"" constant[i] "\"," body[i] "},"
	print "};\n\nstatic const struct {\n\tint version;\n\tconst char *text;\n} sql_migrations[] = {"
	printf "%s", steps
	print "};\n#endif\n\n#endif"
}

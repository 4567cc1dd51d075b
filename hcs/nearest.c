/*
 * nearest.c - edit distance without regard to case; a shortened word is near, too.
 *
 * Insertions, deletions, replacements and swaps of neighbours cost one each (the "optimal string
 * alignment" distance); letters that differ in case only cost nothing, as that is the commonest
 * mistake with these names.
 */
#include "nearest.h"

#include <string.h>

enum {
  LONGEST_WORD = 64, /* longer ones get no suggestion, and rows fit the stack */
  SHORTENED = 2      /* the distance of a word's beginning: one wrong letter is nearer */
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t rows[3][LONGEST_WORD + 1];
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t k = 0; k <= b_size; k++) before[k] = above[k] = k;
  for (size_t i = 1; i <= a_size; i++) {
    row[0] = i;
    for (size_t k = 1; k <= b_size; k++) {
      int same = lower(a[i - 1]) == lower(b[k - 1]);
      row[k] = least(least(above[k], row[k - 1]) + 1, above[k - 1] + (same ? 0 : 1));
      int swapped = i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) &&
                    lower(a[i - 2]) == lower(b[k - 1]);
      if (swapped) row[k] = least(row[k], before[k - 2] + 1);
    }
    size_t *oldest = before;
    before = above;
    above = row;
    row = oldest;
  }
  return above[b_size];
}

/* MappedDir for MappedDirectory: more letters are missing than a typo takes, but it is meant. */
static int begins(const char *word, size_t word_size, const char *whole, size_t whole_size) {
  if (word_size >= whole_size) return 0;
  for (size_t i = 0; i < word_size; i++)
    if (lower(word[i]) != lower(whole[i])) return 0;
  return 1;
}

/* A third of the letters may be wrong: enough for typos, too few to turn one word into another. */
hcs_nearest hcs_nearest_to(const char *word) {
  hcs_nearest nearest = {word, NULL, 1 + (strlen(word) + 1) / 3};
  return nearest;
}

void hcs_nearest_offer(hcs_nearest *nearest, const char *candidate) {
  size_t word_size = strlen(nearest->word), size = strlen(candidate);
  if (word_size > LONGEST_WORD || size > LONGEST_WORD) return;
  size_t found = distance(nearest->word, word_size, candidate, size);
  if (begins(nearest->word, word_size, candidate, size)) found = least(found, SHORTENED);
  if (found >= nearest->distance) return;
  nearest->best = candidate;
  nearest->distance = found;
}

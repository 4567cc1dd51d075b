/*
 * embed.c - writes a file as a C array, at build time, with nothing but the compiler:
 *   embed hcs_guest_image build/guest > build/guest_image.c
 */
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: embed <name> <file>\n");
    return 2;
  }
  FILE *file = fopen(argv[2], "rb");
  if (file == NULL) {
    perror(argv[2]);
    return 1;
  }
  /* Page alignment is not needed: the image is copied into a memfd and executed from there. */
  printf("#include <stddef.h>\n\n");
  printf("extern const unsigned char %s[];\nextern const size_t %s_size;\n\n", argv[1], argv[1]);
  printf("const unsigned char %s[] = {", argv[1]);
  unsigned long size = 0;
  for (int byte = getc(file); byte != EOF; byte = getc(file), size++)
    printf("%s%d,", size % 24 == 0 ? "\n" : "", byte);
  printf("\n};\nconst size_t %s_size = %lu;\n", argv[1], size);
  int failed = ferror(file) || size == 0;
  if (failed) fprintf(stderr, "%s: cannot be read, or empty\n", argv[2]);
  fclose(file);
  return failed || fflush(stdout) != 0;
}

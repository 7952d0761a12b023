#include "abi.h"

/* One block serves the family; each shader names the fields it reads. */
ABI_PUSH (EmbedPush)
  uint rows;       /* of the tensor that is written, or of what one lane each works on */
  uint columns;    /* C */
  uint batch;      /* B */
  uint tokens;     /* T: rows a picture or text */
  uint vocabulary; /* V */
  uint first;      /* first row of the table in this dispatch ... */
  uint count;      /* ... and how many */
  uint size;       /* picture side in pixels */
  uint patch_size; /* patch side in pixels */
  uint last;       /* index of the last float of the pictures */
ABI_END (EmbedPush)

/* vec4s of a patch that a lane copies. */
#define PATCHIFY_RUN 64

#include <vmlinux.h>
/* int only_in_comment(int x); */
static __always_inline int doubled(int x) { return hidden(x) * 2; }
extern int declared(void *p) __attribute__((weak));
struct native_state { int a; };

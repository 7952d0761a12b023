/* Preloaded into tests of sanitizer builds: libraries that were opened stay, so that the leak report
 * at the end can name the driver a leak belongs to, and leaks.supp can say that it is the driver's. */
int dlclose (void *handle);

int
dlclose (void *handle)
{
  (void) handle;
  return 0;
}

/* Let a process and its children live by a clock that is ahead of the machine's.
 *
 * Home Assistant's recorder makes statistics when an hour, and each five minutes of it,
 * are over. Whoever cannot wait for that has to live shortly before. Only the time of
 * day is another: it passes as fast, and what waits for a while waits as long.
 *
 * For LD_PRELOAD, with the seconds in CLOCK_AHEAD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*machine)(clockid_t, struct timespec *);
static time_t ahead;

static void look_up(void) {
  const char *seconds = getenv("CLOCK_AHEAD");
  ahead = seconds ? atol(seconds) : 0;
  machine = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (!machine) look_up();
  int result = machine(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += ahead;
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec exact;
  (void)zone;
  int result = clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return result;
}

time_t time(time_t *now) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now) *now = exact.tv_sec;
  return exact.tv_sec;
}

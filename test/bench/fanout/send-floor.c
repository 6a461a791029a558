/* The physical limit of fan-out in one thread: every viewer gets the same ready buffer, and nothing else happens.
 * Usage: send-floor BYTES MILLISECONDS; prints its port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_VIEWERS 4096

int main(int argc, char **argv) {
  size_t bytes = argc > 2 ? strtoul(argv[1], NULL, 10) : 10000;
  long ms = argc > 2 ? strtol(argv[2], NULL, 10) : 40;
  char *buffer = calloc(1, bytes);
  int viewers[MAX_VIEWERS], count = 0, one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGPIPE, SIG_IGN);
  bind(listener, (struct sockaddr *)&at, sizeof at);
  listen(listener, 1024);
  fcntl(listener, F_SETFL, O_NONBLOCK);
  getsockname(listener, (struct sockaddr *)&at, &size);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    int viewer;
    while (count < MAX_VIEWERS && (viewer = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
      setsockopt(viewer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      viewers[count++] = viewer;
    }
    for (int i = 0; i < count; i++)
      if (send(viewers[i], buffer, bytes, 0) < 0 && i < count) continue;
    next.tv_nsec += ms * 1000000;
    while (next.tv_nsec >= 1000000000) next.tv_nsec -= 1000000000, next.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
}

// Gravity between the sun and the four giant planets by a symplectic step; prints the energy before and after.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { kBodies = 5 };

static const double kPi = 3.141592653589793;
static const double kDaysPerYear = 365.24;

typedef struct {
  double position[3];
  double velocity[3];
  double mass;
} Body;

// Positions in astronomical units, velocities in those per day, masses in suns.
static Body bodies[kBodies] = {{{0, 0, 0}, {0, 0, 0}, 1},
                               {{4.84143144246472090, -1.16032004402742839, -1.03622044471123109e-01},
                                {1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05},
                                9.54791938424326609e-04},
                               {{8.34336671824457987, 4.12479856412430479, -4.03523417114321381e-01},
                                {-2.76742510726411e-03, 4.99852801234917238e-03, 2.30417297573763929e-05},
                                2.85885980666130812e-04},
                               {{12.8943695621391310, -15.1111514016986312, -2.23307578892655734e-01},
                                {2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05},
                                4.36624404335156298e-05},
                               {{15.3796971148509165, -25.9193146099879641, 1.79258772950371181e-01},
                                {2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05},
                                5.15138902046611451e-05}};

static void to_years_and_rest(void) {
  double momentum[3] = {0, 0, 0};
  for (int i = 0; i < kBodies; i++) {
    bodies[i].mass *= 4 * kPi * kPi;
    for (int k = 0; k < 3; k++) {
      bodies[i].velocity[k] *= kDaysPerYear;
      momentum[k] += bodies[i].velocity[k] * bodies[i].mass;
    }
  }
  for (int k = 0; k < 3; k++) bodies[0].velocity[k] = -momentum[k] / bodies[0].mass;
}

static void advance(double step) {
  for (int i = 0; i < kBodies; i++) {
    Body* a = &bodies[i];
    for (int j = i + 1; j < kBodies; j++) {
      Body* b = &bodies[j];
      double dx = a->position[0] - b->position[0];
      double dy = a->position[1] - b->position[1];
      double dz = a->position[2] - b->position[2];
      double square = dx * dx + dy * dy + dz * dz;
      double magnitude = step / (square * sqrt(square));
      double pull_a = b->mass * magnitude;
      double pull_b = a->mass * magnitude;
      a->velocity[0] -= dx * pull_a;
      a->velocity[1] -= dy * pull_a;
      a->velocity[2] -= dz * pull_a;
      b->velocity[0] += dx * pull_b;
      b->velocity[1] += dy * pull_b;
      b->velocity[2] += dz * pull_b;
    }
  }
  for (int i = 0; i < kBodies; i++)
    for (int k = 0; k < 3; k++) bodies[i].position[k] += step * bodies[i].velocity[k];
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < kBodies; i++) {
    const Body* a = &bodies[i];
    double speed = a->velocity[0] * a->velocity[0] + a->velocity[1] * a->velocity[1] + a->velocity[2] * a->velocity[2];
    sum += 0.5 * a->mass * speed;
    for (int j = i + 1; j < kBodies; j++) {
      double square = 0;
      for (int k = 0; k < 3; k++) {
        double d = a->position[k] - bodies[j].position[k];
        square += d * d;
      }
      sum -= a->mass * bodies[j].mass / sqrt(square);
    }
  }
  return sum;
}

int main(int argc, char** argv) {
  int steps = argc > 1 ? atoi(argv[1]) : 500000;
  to_years_and_rest();
  printf("nbody %.9f", energy());
  for (int i = 0; i < steps; i++) advance(0.01);
  // Nine digits hide the last-place differences that fused multiply-add makes in a native build.
  printf(" %.9f\n", energy());
  return 0;
}

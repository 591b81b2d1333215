"""JAX on a workload of launch/benchmark: one process, one compiled training step."""

import os

import workload

options = workload.arguments(__doc__)
# Before XLA counts the cores.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

generator = np.random.default_rng(0)


def weights(*shape):
    bound = 1 / np.sqrt(np.prod(shape[:-1]))
    return generator.uniform(-bound, bound, shape).astype(np.float32)


def layer(*shape):
    return weights(*shape), np.zeros(shape[-1], np.float32)


def convolve(x, parameters):
    x = jax.lax.conv_general_dilated(x, parameters[0], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = jax.nn.relu(x + parameters[1])
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


MODELS = {
    "mlp": [layer(784, 1024), layer(1024, 1024), layer(1024, 10)],
    "mlp-large": [layer(784, 4096), layer(4096, 4096), layer(4096, 10)],
    "cnn": [layer(3, 3, 1, 32), layer(3, 3, 32, 64), layer(3136, 128), layer(128, 10)],
}


def outputs(parameters, x):
    dense = [p for p in parameters if p[0].ndim == 2]
    for p in parameters[: len(parameters) - len(dense)]:
        x = convolve(x, p)
    x = x.reshape(x.shape[0], -1)
    for p in dense[:-1]:
        x = jax.nn.relu(x @ p[0] + p[1])
    return x @ dense[-1][0] + dense[-1][1]


def loss(parameters, x, y):
    logarithms = jax.nn.log_softmax(outputs(parameters, x))
    return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], 1))


def each(function, *trees):
    return jax.tree.map(function, *trees)


def adam(parameters, gradients, state):
    mean, square, count = state
    rate, count = options.run["optimizer"]["learning_rate"], count + 1
    mean = each(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
    square = each(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
    first, second = 1 - 0.9**count, 1 - 0.999**count
    step = each(lambda m, v: rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), mean, square)
    return each(jnp.subtract, parameters, step), (mean, square, count)


def momentum(parameters, gradients, state):
    settings = options.run["optimizer"]
    state = each(lambda s, g: settings["momentum"] * s + g, state, gradients)
    return each(lambda p, s: p - settings["learning_rate"] * s, parameters, state), state


def main():
    x, y = workload.samples(options.directory)
    y = y.astype(np.int32)
    if options.workload == "cnn":
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    parameters = each(jnp.asarray, MODELS[options.workload])
    zeros = each(jnp.zeros_like, parameters)
    is_adam = options.run["optimizer"]["name"] == "adam"
    update = adam if is_adam else momentum
    place = [parameters, (zeros, each(jnp.zeros_like, parameters), jnp.float32(0)) if is_adam else zeros]

    def train(parameters, state, x, y):
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        return *update(parameters, gradients, state), value

    train = jax.jit(train, donate_argnums=(0, 1))
    batch = options.run["batch_size"]
    source = workload.batches(len(x), batch, 0)

    def step():
        rows = next(source)
        *place[:], value = train(*place, x[rows], y[rows])
        value.block_until_ready()

    workload.report("jax", jax.__version__, workload.measure(step, batch, options.seconds))


if __name__ == "__main__":
    main()

"""PyTorch on a workload of launch/benchmark: one process, or DistributedDataParallel over gloo with --ranks N."""

import os
import socket

import torch
from torch import nn

import workload


def perceptron(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for inputs, outputs, stride in [(16, 16, 1), (16, 32, 2), (32, 64, 2)]:
        layers += [Block(inputs, outputs, stride), Block(outputs, outputs, 1), Block(outputs, outputs, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(28, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Transformer(nn.Module):
    """nanoGPT's setting for a CPU, without dropout."""

    def __init__(self):
        super().__init__()
        self.token, self.place = nn.Embedding(65, 128), nn.Embedding(64, 128)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(128, 4, 512, 0.0, "gelu", batch_first=True, norm_first=True) for _ in range(4))
        self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, 65, bias=False)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(64))

    def forward(self, x):
        x = self.token(x) + self.place.weight
        for block in self.blocks:
            x = block(x, src_mask=self.mask, is_causal=True)
        return self.head(self.norm(x))


MODELS = {
    "mlp": lambda: perceptron(784, 1024, 1024, 10),
    "mlp-large": lambda: perceptron(784, 4096, 4096, 10),
    "cnn": cnn,
    "resnet20": resnet20,
    "lstm": LSTM,
    "transformer": Transformer,
    "tiny": lambda: perceptron(2, 10, 1),
}


def tensors(options, rank):
    """The samples as the loss and the first layer want them."""
    x, y = map(torch.from_numpy, workload.samples(options.directory, rank, options.ranks))
    if options.run["loss"] == "binary_cross_entropy":
        return x, y.float()[:, None]
    return (x.long() if options.workload == "transformer" else x), y.long()


def loss_of(options):
    if options.run["loss"] == "binary_cross_entropy":
        return nn.BCEWithLogitsLoss()
    entropy = nn.CrossEntropyLoss()
    return lambda outputs, y: entropy(outputs.reshape(-1, outputs.shape[-1]), y.flatten())


def optimizer_of(options, parameters):
    settings = options.run["optimizer"]
    if settings["name"] == "adam":
        return torch.optim.Adam(parameters, lr=settings["learning_rate"])
    return torch.optim.SGD(parameters, lr=settings["learning_rate"], momentum=settings["momentum"])


def work(rank, options):
    torch.set_num_threads(options.threads)
    distributed, ranks = torch.distributed, options.ranks
    if ranks > 1:
        distributed.init_process_group("gloo", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    x, y = tensors(options, rank)
    model = MODELS[options.workload]()
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer, loss_function = optimizer_of(options, model.parameters()), loss_of(options)
    if ranks > 1:
        model = nn.parallel.DistributedDataParallel(model)
    batch = options.run["batch_size"]
    source = workload.batches(len(x), batch // ranks, rank)

    def step():
        rows = torch.from_numpy(next(source))
        inputs = x[rows]
        if options.channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad()
        loss_function(model(inputs), y[rows]).backward()
        optimizer.step()

    def agree(count):
        count = torch.tensor([count])
        distributed.broadcast(count, 0)
        return int(count)

    parallel = {"barrier": distributed.barrier, "agree": agree} if ranks > 1 else {}
    rate = workload.measure(step, batch, options.seconds, **parallel)
    if rank == 0:
        workload.report("torch", torch.__version__, rate)
    if ranks > 1:
        distributed.destroy_process_group()
        os._exit(0)  # gloo's threads sometimes abort the interpreter's own end


def main():
    options = workload.arguments(__doc__)
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(options.threads)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    if options.ranks == 1:
        return work(0, options)
    if "MASTER_ADDR" in os.environ:  # one of the processes that mpirun has started
        return work(int(os.environ["OMPI_COMM_WORLD_RANK"]), options)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free.getsockname()[1]))
    torch.multiprocessing.spawn(work, (options,), nprocs=options.ranks)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes pytorch-loss-values.json beside itself: losses and gradients of PyTorch, in double.

Made with Python 3.11, PyTorch 2.15.0 (CPU) and seed 4711; another version may differ in the last digits.

    python3 make_loss_fixtures.py

Each case has logits (or outputs), targets, the mean loss and its gradient by the outputs.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

SEED = 4711
SAMPLES, CLASSES, POSITIONS = 7, 5, 3


def case(name, function, outputs, targets, **options):
    outputs = outputs.clone().requires_grad_(True)
    loss = function(outputs, targets)
    loss.backward()
    return {
        "name": name,
        "options": options,
        "samples": outputs.shape[0],
        "outputs": outputs.detach().flatten().tolist(),
        "targets": targets.to(torch.float64).flatten().tolist(),
        "loss": loss.item(),
        "gradient": outputs.grad.flatten().tolist(),
    }


def focal(logits, labels, gamma, alpha):
    log_p = F.log_softmax(logits, dim=1).gather(1, labels[:, None])[:, 0]
    return (-alpha[labels] * (1 - log_p.exp()) ** gamma * log_p).mean()


def log_cosh(outputs, targets):
    return torch.log(torch.cosh(outputs - targets)).mean()


def detection(outputs, targets, delta, box_weight):
    """Cross-entropy of the class and Huber's loss of the box, summed over its four numbers; means over the samples."""
    logits, boxes = outputs[:, :-4], outputs[:, -4:]
    huber = F.huber_loss(boxes, targets[:, 1:], reduction="none", delta=delta).sum(1).mean()
    return F.cross_entropy(logits, targets[:, 0].long()) + box_weight * huber


def main():
    torch.manual_seed(SEED)
    torch.set_default_dtype(torch.float64)
    logits = 3 * torch.randn(SAMPLES, CLASSES)
    sequence = 3 * torch.randn(SAMPLES, POSITIONS, CLASSES)
    labels = torch.randint(CLASSES, (SAMPLES,))
    sequence_labels = torch.randint(CLASSES, (SAMPLES, POSITIONS))
    soft = torch.softmax(2 * torch.randn(SAMPLES, CLASSES), dim=1)
    weights = torch.tensor([0.5, 2.0, 1.0, 0.0, 3.0])
    positive = torch.tensor([0.5, 2.0, 1.0, 4.0, 3.0])
    bits = torch.randint(2, (SAMPLES, CLASSES)).to(torch.float64)
    values = 2 * torch.randn(SAMPLES, CLASSES)
    alpha = torch.tensor([0.25, 0.5, 1.0, 0.75, 2.0])
    ones = torch.ones(CLASSES)

    cases = []
    for smoothing in (0.0, 0.1):
        for weight in (None, weights):
            options = {"label_smoothing": smoothing}
            if weight is not None:
                options["class_weights"] = weight.tolist()
            criterion = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)
            cases.append(case("cross_entropy", criterion, logits, labels, **options))
            cases.append(case("soft_cross_entropy", criterion, logits, soft, **options))
            cases.append(
                case(
                    "cross_entropy",
                    lambda x, y, criterion=criterion: criterion(x.transpose(1, 2), y),
                    sequence, sequence_labels, **options,
                )
            )
    cases.append(case("binary_cross_entropy", torch.nn.BCEWithLogitsLoss(), logits, bits))
    cases.append(
        case("binary_cross_entropy", torch.nn.BCEWithLogitsLoss(pos_weight=positive), logits, bits,
             positive_weight=positive.tolist())
    )
    cases.append(
        case("binary_cross_entropy", torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.5])), logits, soft,
             positive_weight=[2.5])
    )
    cases.append(case("mse", torch.nn.MSELoss(), logits, values))
    cases.append(case("mae", torch.nn.L1Loss(), logits, values))
    cases.append(case("huber", torch.nn.HuberLoss(delta=1.5), logits, values, delta=1.5))
    cases.append(case("log_cosh", log_cosh, logits, values))
    cases.append(case("log_cosh", log_cosh, 0.01 * logits, 0.01 * values))
    cases.append(case("hinge", torch.nn.MultiMarginLoss(margin=0.7), logits, labels, margin=0.7))
    cases.append(
        case("binary_hinge", lambda z, t: F.relu(1.5 - (2 * t - 1) * z).mean(), logits, bits, margin=1.5)
    )
    for gamma in (0.0, 0.5, 2.0):
        for a in (ones, alpha):
            options = {"gamma": gamma}
            if a is alpha:
                options["alpha"] = a.tolist()
            cases.append(case("focal", lambda x, y, g=gamma, a=a: focal(x, y, g, a), logits, labels, **options))
    found = torch.cat([2 * torch.randn(SAMPLES, 3), torch.randn(SAMPLES, 4)], dim=1)
    boxed = torch.cat([torch.randint(3, (SAMPLES, 1)).to(torch.float64), torch.rand(SAMPLES, 4)], dim=1)
    for delta, box_weight in ((1.0, 10.0), (0.4, 2.5)):
        cases.append(
            case("detection", lambda x, y, d=delta, w=box_weight: detection(x, y, d, w), found, boxed, delta=delta,
                 box_weight=box_weight)
        )
    path = pathlib.Path(__file__).parent / "pytorch-loss-values.json"
    path.write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Answers to the exercise `training_step` written from its text alone."""

from vae_course.elbo import ElboTerms, elbo_terms
from vae_course.reparameterization import reparameterize

import torch
from lessons.training.answers_training_step_held_out import ANSWERS
from torch import nn


@ANSWERS.wrong("zero_grad after backward", "There was no gradient when")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.zero_grad()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("sum over batch", "average over the batch")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator)
    optimizer.zero_grad()
    terms.weighted(beta).sum().backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach().mean(), terms.kl.detach().mean())


@ANSWERS.wrong("terms after the step", "codes decoded")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    state = generator.get_state()
    model.elbo(x, generator).mean().weighted(beta).backward()
    optimizer.step()
    generator.set_state(state)
    with torch.no_grad():
        return model.elbo(x, generator).mean()


@ANSWERS.wrong("returns loss", "Both terms are asked for")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    optimizer.zero_grad()
    loss = terms.weighted(beta)
    loss.backward()
    optimizer.step()
    return loss.detach()


@ANSWERS.wrong("grad clipping", "times as large as it should be\\.")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad(set_to_none=True)
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("bf16 autocast", "computed in bfloat16.*autocast")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = model.elbo(x, generator).mean()
        loss = terms.weighted(beta)
    loss.backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("z = mu by hand", "The decoder was given mu")
def _(model, x, beta, optimizer, generator):
    model.train()
    mu, logvar = model.encoder(x)
    terms = elbo_terms(x, model.decoder(mu), mu, logvar).mean()
    optimizer.zero_grad()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("only decoder gets grads", "The optimizer is given a")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    with torch.no_grad():
        mu, logvar = model.encoder(x)
    z = reparameterize(mu, logvar, generator)
    terms = elbo_terms(x, model.decoder(z), mu, logvar).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("zero_grad only at end", "before this call")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    optimizer.zero_grad()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("halves mixed in batches drop_last", "150 image.*the model saw 64")
def _(model, x, beta, optimizer, generator):
    model.train()
    x = x[:64]
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.right("zero first")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad(set_to_none=True)
    elbo = model.elbo(x, generator=generator)
    loss = torch.mean(elbo.reconstruction + beta * elbo.kl)
    loss.backward()
    optimizer.step()
    return ElboTerms(elbo.reconstruction.mean().detach(), elbo.kl.mean().detach())


@ANSWERS.right("by hand pieces")
def _(model, x, beta, optimizer, generator):
    model.train(True)
    mu, logvar = model.encoder(x)
    z = reparameterize(mu, logvar, generator)
    reconstruction, kl = elbo_terms(x, model.decoder(z), mu, logvar)
    model.zero_grad()
    (reconstruction + beta * kl).mean().backward()
    optimizer.step()
    return ElboTerms(reconstruction.detach().mean(), kl.detach().mean())


@ANSWERS.right("torch.autograd.grad")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    params = [p for p in model.parameters() if p.requires_grad]
    for p, g in zip(params, torch.autograd.grad(terms.weighted(beta), params), strict=True):
        p.grad = g
    optimizer.step()
    return ElboTerms(*(t.detach() for t in terms))


@ANSWERS.right("no_grad return")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator)
    optimizer.zero_grad()
    terms.weighted(beta).mean().backward()
    optimizer.step()
    with torch.no_grad():
        return terms.mean()


@ANSWERS.right("gradient accumulation over chunks")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    rec, kl = [], []
    for chunk in x.split(50):
        terms = model.elbo(chunk, generator)
        (terms.weighted(beta).sum() / len(x)).backward()
        rec.append(terms.reconstruction.detach())
        kl.append(terms.kl.detach())
    optimizer.step()
    return ElboTerms(torch.cat(rec), torch.cat(kl)).mean()


@ANSWERS.right("enable grad decorator")
@torch.enable_grad()
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    loss = torch.add(terms.reconstruction, terms.kl, alpha=beta)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach().clone(), terms.kl.detach().clone())


@ANSWERS.right("closure")
def _(model, x, beta, optimizer, generator):
    model.train()
    kept = {}

    def closure():
        optimizer.zero_grad()
        terms = model.elbo(x, generator).mean()
        kept["terms"] = ElboTerms(terms.reconstruction.detach(), terms.kl.detach())
        loss = terms.weighted(beta)
        loss.backward()
        return loss

    optimizer.step(closure)
    return kept["terms"]


@ANSWERS.right("grads set to None by hand")
def _(model, x, beta, optimizer, generator):
    for m in (model.encoder, model.decoder, model):
        m.train()
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.data, terms.kl.data)


@ANSWERS.right("zero at both ends")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    optimizer.zero_grad()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("model.train then eval at end", "left in evaluation mode")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    model.eval()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("nan skip", "There was no gradient when")
def _(model, x, beta, optimizer, generator):
    model.train()
    terms = model.elbo(x, generator).mean()
    loss = torch.tensor(terms.weighted(beta).item(), requires_grad=True)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("half precision sum", "computed in float16")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach().float(), terms.kl.detach().float())


@ANSWERS.wrong("autocast network only", "computed in bfloat16")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mu, logvar = model.encoder(x)
        z = reparameterize(mu, logvar, generator)
        logits = model.decoder(z)
    terms = elbo_terms(x, logits.float(), mu.float(), logvar.float()).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.wrong("swapped return", "The two terms have changed")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.weighted(beta).backward()
    optimizer.step()
    return ElboTerms(terms.kl.detach(), terms.reconstruction.detach())


@ANSWERS.wrong("two backward", "that of β = 1")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.reconstruction.backward(retain_graph=True)
    terms.kl.backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.right("two backwards")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator).mean()
    terms.reconstruction.backward(retain_graph=True)
    (beta * terms.kl).backward()
    optimizer.step()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.right("grad scaler no op")
def _(model, x, beta, optimizer, generator):
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    model.train()
    optimizer.zero_grad(set_to_none=False)
    terms = model.elbo(x, generator).mean()
    scaler.scale(terms.weighted(beta)).backward()
    scaler.step(optimizer)
    scaler.update()
    return ElboTerms(terms.reconstruction.detach(), terms.kl.detach())


@ANSWERS.right("backward gradient arg")
def _(model, x, beta, optimizer, generator):
    model.train()
    optimizer.zero_grad()
    terms = model.elbo(x, generator)
    loss = terms.weighted(beta)
    loss.backward(torch.full_like(loss, 1 / len(loss)))
    optimizer.step()
    return ElboTerms(terms.reconstruction.mean().detach(), terms.kl.mean().detach())

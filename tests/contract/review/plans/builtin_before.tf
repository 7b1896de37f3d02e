variable "secret" {
  type      = string
  sensitive = true
}

variable "size" {
  type    = number
  default = 1
}

resource "terraform_data" "root" {
  input            = { size = var.size, nested = { list = [1, var.size], password = var.secret } }
  triggers_replace = { size = var.size }
}

resource "terraform_data" "leaf" {
  input = terraform_data.root.output
}

resource "terraform_data" "counted" {
  count = var.size == 1 ? 2 : 0
  input = "x"
}

resource "terraform_data" "old" {
  input = 1
}

resource "terraform_data" "released" {
  input = 1
}

output "gone" {
  value = "a"
}

output "everything" {
  value     = terraform_data.leaf.output
  sensitive = true
}
